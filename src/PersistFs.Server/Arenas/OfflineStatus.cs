using PersistFs.Engine.Arenas;
using PersistFs.Engine.Dump;
using PersistFs.Server.Failures;
using PersistFs.Server.Status;

namespace PersistFs.Server.Arenas;

/// <summary>The status of an arena of which no server tells.</summary>
public static class OfflineStatus
{
    /// <summary>
    /// Reads what the arena says of itself. Nothing is changed: what a dead server left in flight stays there.
    /// </summary>
    /// <exception cref="FailureException">It is no arena, or cannot be read.</exception>
    public static StatusReport Read(string arena)
    {
        try
        {
            return Describe(ArenaSummary.Read(ArenaFinder.Find(arena)));
        }
        catch (ArenaException exception)
        {
            throw FailureException.FromArena(exception);
        }
    }

    /// <summary>Where the arena says it was mounted last; null if it does not say so, or cannot be read.</summary>
    public static MountRecord? ReadMountRecord(string arena)
    {
        try
        {
            return MountRecord.Read(ArenaSummary.Read(arena).MountRecord);
        }
        catch (ArenaException)
        {
            return null;
        }
    }

    private static StatusReport Describe(ArenaSummary summary) => new()
    {
        ProcessId = null,
        // A process that checks it, or a server that does not answer.
        State = summary.Owner is null ? ServerState.Offline : ServerState.InUse,
        Arena = summary.BackingName,
        Backing = summary.BackingKind.Word,
        Uuid = summary.Uuid.ToString(),
        Generation = summary.TimesOpened,
        Session = summary.Session,
        Takeovers = summary.TakeOvers,
        BytesUsed = summary.BytesAllocated,
        BytesMax = summary.BytesMax,
        SizeMax = summary.SizeMax,
        BytesAllocated = summary.BytesPresent,
        InodesUsed = summary.InodesUsed,
        InodesMax = summary.InodesMax == 0 ? null : summary.InodesMax,
        LastRecovery = null,
        TransactionsInFlight = summary.TransactionsInFlight,
    };
}
