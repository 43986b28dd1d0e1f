namespace PersistFs.Engine.Dump;

/// <summary>What a dump shows beside the arena as a whole.</summary>
public sealed record DumpOptions
{
    /// <summary>An inode to describe instead of the arena; 1 is the root directory.</summary>
    public ulong? Inode { get; init; }

    /// <summary>
    /// A path from the root of the tree to an inode to describe instead of the arena; no link is followed.
    /// </summary>
    public string? Path { get; init; }

    /// <summary>Extents, attributes and names listed of an inode, and members of a list, at most of each.</summary>
    public int ItemsMax { get; init; } = 100;
}
