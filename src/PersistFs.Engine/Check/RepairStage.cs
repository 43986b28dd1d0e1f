namespace PersistFs.Engine.Check;

/// <summary>In which order repairs are made: each stage relies on what those before it have put right.</summary>
internal enum RepairStage
{
    /// <summary>
    /// Superblocks, root pages, frames and descriptors of blocks: without them nothing else is read right.
    /// </summary>
    Ground,

    /// <summary>The instance table and the roots that it names.</summary>
    Instance,

    /// <summary>Fields of inode records, which say how contents are to be read.</summary>
    Record,

    /// <summary>Pointers to what is not there or somebody else's.</summary>
    Pointer,

    /// <summary>Directories whose entries are not in their places, written anew.</summary>
    Directory,

    /// <summary>Single names, and counts of what a file or directory holds.</summary>
    Name,

    /// <summary>Link counts, parents, and files that no name leads to.</summary>
    Link,

    /// <summary>The pending lists.</summary>
    Pending,

    /// <summary>What nothing leads to any more, and sums.</summary>
    Leak,
}
