namespace PersistFs.Fuse.Sessions;

/// <summary>Which requests wait while a session is frozen. Those that only read never do.</summary>
public enum FreezeScope
{
    /// <summary>None: the session is not frozen.</summary>
    None,

    /// <summary>
    /// Whatever changes the tree, but not pages that the kernel brings from its cache, nor times that come with them:
    /// what a client was told is written can still reach the file system.
    /// </summary>
    AllButCachedWrites,

    /// <summary>Whatever changes the tree.</summary>
    All,
}
