namespace PersistFs.Engine.Volumes;

/// <summary>A tree's numbers at one moment; taken without a lock, so they need not belong to one instant.</summary>
public readonly record struct TreeStatistics
{
    /// <summary>Inodes in use, orphans included.</summary>
    public required ulong InodesUsed { get; init; }

    /// <summary>Inodes at most; 0 for no limit.</summary>
    public required ulong InodesMax { get; init; }

    /// <summary>
    /// As f_files of statfs(2): the limit, or where there is none what the free blocks could hold besides those in use.
    /// </summary>
    public required ulong FileTotal { get; init; }

    /// <summary>As f_ffree of statfs(2).</summary>
    public required ulong FileFree { get; init; }

    /// <summary>Number of the session in which lookup counts are kept; 0 before the first.</summary>
    public required uint Session { get; init; }

    /// <summary>Servers that have taken this session over from another.</summary>
    public required ulong TakeOvers { get; init; }
}
