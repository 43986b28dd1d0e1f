namespace PersistFs.Fuse.Abi;

/// <summary>FUSE's name for an inode (nodeid): the kernel hands it back verbatim, until it has forgotten it.</summary>
/// <remarks>0 names nothing; in a LOOKUP reply it says that the name does not exist.</remarks>
public readonly record struct NodeId(ulong Value)
{
    /// <summary>FUSE_ROOT_ID: the root directory, known without LOOKUP and never forgotten.</summary>
    public static readonly NodeId Root = new(1);

    /// <summary>No inode.</summary>
    public static readonly NodeId None;
}
