using PersistFs.Linux;

namespace PersistFs.Fuse.Sessions;

/// <summary>Which workers read the channel: as few as the requests keep busy, and never none.</summary>
/// <remarks>
/// <para>
/// The kernel wakes waiting readers in turn, the one that has slept longest first. Each then starts with cold caches on
/// whichever processor is free, and a FORGET goes to another worker than the request it follows, in whose way it is. So
/// workers that are not needed are off duty: they sleep here and not in the channel.
/// </para>
/// <para>
/// Invariant: while any worker is off duty, some worker waits in the channel or has one called before it takes long.
/// What nobody foresaw is noticed by <see cref="Watchdog"/>.
/// </para>
/// </remarks>
internal sealed class ReaderPool
{
    private readonly FutexSemaphore gate = new();
    private int waiting;
    private int offDuty;
    private volatile bool isClosed;

    /// <summary>How many workers wait for a request now.</summary>
    public int WaitingCount => Volatile.Read(ref waiting);

    /// <summary>How many workers are off duty now.</summary>
    public int OffDutyCount => Volatile.Read(ref offDuty);

    /// <summary>The calling worker is about to wait for a request.</summary>
    public void BeginWait() => Interlocked.Increment(ref waiting);

    /// <summary>It has waited.</summary>
    public void EndWait() => Interlocked.Decrement(ref waiting);

    /// <summary>
    /// Sees to it that a worker waits for requests while the calling one does something that takes long or depends on
    /// another request.
    /// </summary>
    public void EnsureReader()
    {
        if (WaitingCount == 0) Call();
    }

    /// <summary>Brings one worker back on duty, if one is off.</summary>
    public void Call()
    {
        if (TryLeaveOffDuty()) gate.Give();
    }

    /// <summary>Sends the calling worker off duty until it is called, unless nobody else waits for requests.</summary>
    public void Rest()
    {
        // Entered first and looked second, as EndWait and then EnsureReader do it the other way round: one of two that
        // do so at once sees the other.
        Interlocked.Increment(ref offDuty);
        if (WaitingCount == 0 && TryLeaveOffDuty()) return;
        while (!isClosed && !gate.TryTake()) gate.Await();
    }

    /// <summary>The session ends: everybody comes back, for good.</summary>
    public void Close()
    {
        isClosed = true;
        // A worker that goes to rest at this moment either sees the end, or is seen here.
        Interlocked.MemoryBarrier();
        while (TryLeaveOffDuty()) gate.Give();
    }

    private bool TryLeaveOffDuty()
    {
        int count;
        while ((count = Volatile.Read(ref offDuty)) > 0)
        {
            if (Interlocked.CompareExchange(ref offDuty, count - 1, count) == count) return true;
        }
        return false;
    }
}
