namespace PersistFs.Fuse.Abi;

/// <summary>How the reply to a request sent again is rebuilt when an earlier server has executed it.</summary>
public enum RecalledReply
{
    /// <summary>Not recorded: the request has the same effect when it is executed again.</summary>
    None,

    /// <summary>Only that it was executed is recorded: the answer is OK.</summary>
    Errno,

    /// <summary>The inode that it found or made is recorded.</summary>
    Entry,

    /// <summary>The whole listing is recorded.</summary>
    Listing,
}
