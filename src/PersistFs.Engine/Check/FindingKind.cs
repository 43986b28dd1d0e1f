namespace PersistFs.Engine.Check;

/// <summary>What is wrong with an arena, by the rule of FORMAT.md that is broken.</summary>
public enum FindingKind
{
    /// <summary>A superblock is damaged, or the two differ.</summary>
    Superblock,

    /// <summary>A root page is damaged.</summary>
    RootPage,

    /// <summary>Bytes of frame 0 that must be zero are not.</summary>
    Reserved,

    /// <summary>The worker table names a frame that is no worker frame of that slot.</summary>
    WorkerTable,

    /// <summary>A journal still has entries although nothing is under way.</summary>
    Journal,

    /// <summary>What a worker keeps of a request cannot be.</summary>
    Request,

    /// <summary>An instance has no root directory, or its record is not well-formed.</summary>
    Instance,

    /// <summary>A field of an inode record has a value that it cannot have.</summary>
    InodeRecord,

    /// <summary>The map or the contents of a file break a rule.</summary>
    Contents,

    /// <summary>A node or leaf of a directory breaks a rule.</summary>
    Directory,

    /// <summary>A directory entry is in the wrong place, has an impossible name, or occurs twice.</summary>
    Entry,

    /// <summary>A directory entry leads to no inode, or to one of another type.</summary>
    DanglingEntry,

    /// <summary>The entries of a directory are not as many as its record says.</summary>
    EntryCount,

    /// <summary>An extended attribute breaks a rule.</summary>
    Attribute,

    /// <summary>The names of an inode are not as many as its link count says.</summary>
    LinkCount,

    /// <summary>The blocks of a file are not as many as its record says.</summary>
    BlockCount,

    /// <summary>An inode has links by its own account, and no name leads to it.</summary>
    UnreachableInode,

    /// <summary>No way leads from the directory up to a root.</summary>
    DetachedDirectory,

    /// <summary>A pending list's links contradict each other or the inodes' flags.</summary>
    PendingList,

    /// <summary>A pointer leads to where nothing of that kind is allocated for this use.</summary>
    BadPointer,

    /// <summary>Two pointers lead to one object, block or frame.</summary>
    UsedTwice,

    /// <summary>An object, block or frame is allocated and nothing leads to it.</summary>
    Leak,

    /// <summary>The state, type or bitmap of a frame cannot be.</summary>
    Frame,

    /// <summary>The descriptor of an allocated block cannot be.</summary>
    Block,

    /// <summary>The workers' shares of the count of inodes do not add up to the inodes there are.</summary>
    InodeCount,

    /// <summary>What the open volume takes for free is not what is free.</summary>
    FreeSpace,
}
