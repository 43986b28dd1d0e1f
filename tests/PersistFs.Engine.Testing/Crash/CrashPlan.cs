namespace PersistFs.Engine.Testing.Crash;

/// <summary>How thoroughly the crashes of one operation are explored.</summary>
internal sealed record CrashPlan
{
    /// <summary>Every store, four tearings of each bulk copy, and every store of the recovery.</summary>
    public static readonly CrashPlan Full = new();

    /// <summary>Of this many stores, one is looked at.</summary>
    public int OneStoreIn { get; init; } = 1;

    /// <summary>Ways in which each bulk copy is torn.</summary>
    public int TearingsPerBulk { get; init; } = 4;

    /// <summary>Of this many stores looked at, one is followed by a kill at every store of the recovery.</summary>
    public int OneRecoveryIn { get; init; } = 1;

    /// <summary>Of this many stores of a server that took over and is killed itself, one is looked at.</summary>
    public int OneSuccessorStoreIn { get; init; } = 1;

    /// <summary>How often a recovery is killed in a row.</summary>
    public int RecoveryDepth { get; init; } = 1;

    /// <summary>
    /// Whether bytes of a file that the operation overwrites may be partly there; all else is before or after.
    /// </summary>
    public bool MayTearData { get; init; }

    /// <summary>Whether the operation is documented to have several steps, each of them whole.</summary>
    public bool HasSteps { get; init; }
}
