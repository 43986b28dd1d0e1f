namespace PersistFs.Engine.Check;

/// <summary>The result of a check.</summary>
public sealed record CheckReport
{
    /// <summary>The faults found; of very many only the first 10,000.</summary>
    public required IReadOnlyList<Finding> Findings { get; init; }

    /// <summary>All faults found, those that are not kept included.</summary>
    public required long FindingCount { get; init; }

    /// <summary>Inodes in use, those without a name included.</summary>
    public required ulong Inodes { get; init; }

    public required ulong Directories { get; init; }

    /// <summary>Entries of all directories.</summary>
    public required ulong Names { get; init; }

    /// <summary>Inodes with unfinished work: without a name, or with contents that are still to be freed.</summary>
    public required ulong PendingInodes { get; init; }

    /// <summary>Frames with memory behind them.</summary>
    public required ulong FramesPresent { get; init; }

    /// <summary>4-KiB blocks that are allocated, those of data frames included.</summary>
    public required ulong BlocksUsed { get; init; }

    public required TimeSpan Elapsed { get; init; }

    public bool IsClean => FindingCount == 0;
}
