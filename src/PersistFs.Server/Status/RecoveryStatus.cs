namespace PersistFs.Server.Status;

/// <summary>What opening the volume found unfinished, and what the kernel sent again.</summary>
/// <param name="Replayed">Requests that the kernel sent again.</param>
/// <param name="AnsweredFromRecords">Those of them that had been executed and were only answered.</param>
/// <param name="RolledBack">Transactions that were undone.</param>
/// <param name="Completed">Transactions that had committed and whose frees were finished.</param>
/// <param name="Milliseconds">How long it took to open the volume.</param>
public sealed record RecoveryStatus(
    ulong Replayed, ulong AnsweredFromRecords, ulong RolledBack, ulong Completed, double Milliseconds)
{
    /// <summary>Requests sent again that had ended several servers, and were answered with EIO.</summary>
    public ulong GivenUp { get; init; }
}
