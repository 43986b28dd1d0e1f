namespace PersistFs.Fuse.Abi;

/// <summary>Whether a request changes more of the tree than lookup counts and access times.</summary>
public enum TreeChange
{
    /// <summary>It never does.</summary>
    Never,

    /// <summary>It does when the caller passes input: IOCTL.</summary>
    WithInput,

    /// <summary>It may at any time.</summary>
    Always,
}
