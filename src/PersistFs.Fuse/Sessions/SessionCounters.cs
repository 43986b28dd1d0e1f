using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Dispatch;

namespace PersistFs.Fuse.Sessions;

/// <summary>What a session has done since it began: the sum over its workers, at one moment or nearly so.</summary>
public sealed class SessionCounters
{
    private readonly ulong[] requests = new ulong[WorkerCounters.OpcodeCount];

    internal SessionCounters(ReadOnlySpan<RequestThread> workers)
    {
        foreach (RequestThread worker in workers)
        {
            WorkerCounters counters = worker.Counters;
            Malformed += counters.Malformed;
            Resent += counters.Resent;
            Undelivered += counters.Undelivered;
            Refused += counters.Refused;
            BytesRead += counters.BytesRead;
            BytesWritten += counters.BytesWritten;
            for (int opcode = 0; opcode < requests.Length; opcode++) requests[opcode] += counters.RequestsOf(opcode);
        }
    }

    /// <summary>Requests that were not what the protocol says; they were answered with EIO.</summary>
    public ulong Malformed { get; }

    /// <summary>Requests that the kernel sent again.</summary>
    public ulong Resent { get; }

    /// <summary>Replies that came after the kernel had given the request up.</summary>
    public ulong Undelivered { get; }

    /// <summary>Replies the kernel did not take; always a bug.</summary>
    public ulong Refused { get; }

    /// <summary>Bytes handed out by READ.</summary>
    public ulong BytesRead { get; }

    /// <summary>Bytes taken by WRITE.</summary>
    public ulong BytesWritten { get; }

    /// <summary>Requests of all kinds.</summary>
    public ulong Requests => requests.Aggregate(0UL, (sum, count) => sum + count);

    /// <summary>Requests of one kind.</summary>
    public ulong RequestsOf(Opcode opcode) => requests[(int)Math.Min((uint)opcode, requests.Length - 1)];
}
