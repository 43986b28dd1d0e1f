using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Sessions;

namespace PersistFs.Server.Status;

/// <summary>Gathers a report from the parts of a server.</summary>
internal static class StatusSource
{
    private static readonly (Opcode Opcode, string Name)[] Opcodes =
        [.. Enum.GetValues<Opcode>().Select(opcode => (opcode, opcode.ToString()))];

    /// <summary>What a volume says of itself; the server's part is left out.</summary>
    public static StatusReport Describe(Volume volume)
    {
        VolumeStatistics numbers = volume.GetStatistics();
        TreeStatistics tree = volume.DefaultTree.GetStatistics();
        return new StatusReport
        {
            ProcessId = null,
            State = ServerState.Offline,
            Arena = numbers.BackingName,
            Backing = numbers.BackingKind.Word,
            Uuid = numbers.Uuid.ToString(),
            Generation = numbers.TimesOpened,
            Session = tree.Session,
            Takeovers = tree.TakeOvers,
            BytesUsed = numbers.BytesAllocated,
            BytesMax = numbers.BytesMax,
            SizeMax = numbers.SizeMax,
            BytesAllocated = numbers.BytesPresent,
            InodesUsed = tree.InodesUsed,
            InodesMax = tree.InodesMax == 0 ? null : tree.InodesMax,
            LastRecovery = Describe(numbers.LastRecovery),
        };
    }

    private static RecoveryStatus Describe(RecoveryReport report) =>
        new(Replayed: 0, AnsweredFromRecords: 0, (ulong)report.RolledBack, (ulong)report.Completed,
            report.Milliseconds);

    /// <summary>Kinds of request that came at all.</summary>
    public static IReadOnlyList<OperationStatus> Operations(SessionCounters counters) =>
        [.. Opcodes.Select(pair => new OperationStatus(pair.Name, counters.RequestsOf(pair.Opcode)))
            .Where(operation => operation.Count > 0)];

    /// <summary>Events of the protocol, and bytes moved.</summary>
    public static IReadOnlyDictionary<string, ulong> Counters(SessionCounters counters) => new Dictionary<string, ulong>
    {
        ["requests"] = counters.Requests,
        ["malformed"] = counters.Malformed,
        ["resent"] = counters.Resent,
        ["undelivered"] = counters.Undelivered,
        ["refused"] = counters.Refused,
        ["bytesRead"] = counters.BytesRead,
        ["bytesWritten"] = counters.BytesWritten,
    };
}
