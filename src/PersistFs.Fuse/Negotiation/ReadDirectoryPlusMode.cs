namespace PersistFs.Fuse.Negotiation;

/// <summary>When the kernel reads a directory's entries with their inodes.</summary>
public enum ReadDirectoryPlusMode
{
    /// <summary>Never: names only.</summary>
    Never,

    /// <summary>Always.</summary>
    Always,

    /// <summary>When the caller also looks at the entries, as "ls -l" does.</summary>
    Auto,
}
