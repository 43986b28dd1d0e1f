namespace PersistFs.Fuse.Abi;

/// <summary>What a reply consists of, and so what is undone when the kernel does not take it.</summary>
public enum ReplyShape
{
    /// <summary>No reply at all.</summary>
    None,

    /// <summary>An errno and nothing else.</summary>
    Errno,

    /// <summary>A structure or bytes that the kernel keeps no count of.</summary>
    Data,

    /// <summary>Runs of memory: the contents of READ.</summary>
    Segments,

    /// <summary>struct fuse_write_out, for bytes that came with the request.</summary>
    Written,

    /// <summary>struct fuse_entry_out: counts one lookup.</summary>
    Entry,

    /// <summary>struct fuse_entry_out and fuse_open_out: counts one lookup and opens a handle.</summary>
    EntryAndOpen,

    /// <summary>struct fuse_open_out: opens a handle.</summary>
    Open,

    /// <summary>struct fuse_open_out: opens a handle of a directory.</summary>
    OpenDirectory,

    /// <summary>Entries with their inodes: counts one lookup for each.</summary>
    Listing,
}
