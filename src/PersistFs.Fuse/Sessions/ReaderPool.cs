using PersistFs.Linux;

namespace PersistFs.Fuse.Sessions;

/// <summary>Which threads read the channel: as few as the requests keep busy, and never none.</summary>
/// <remarks>
/// <para>
/// The kernel wakes waiting readers in turn, the one that has slept longest first. Each then starts with cold caches on
/// a free processor, and a FORGET goes to another thread than the request it follows, and competes with it. So threads
/// that are not needed are parked: they sleep here and not in the channel.
/// </para>
/// <para>
/// Invariant: while any thread is parked, another waits in the channel or wakes one before it takes long. A thread that
/// takes long unexpectedly is noticed by <see cref="Watchdog"/>.
/// </para>
/// </remarks>
internal sealed class ReaderPool
{
    private readonly FutexSemaphore gate = new();
    private int waiting;
    private int parked;
    private volatile bool isClosed;

    /// <summary>How many threads wait for a request now.</summary>
    public int WaitingCount => Volatile.Read(ref waiting);

    /// <summary>How many threads are parked now; tests ask.</summary>
    public int ParkedCount => Volatile.Read(ref parked);

    /// <summary>The calling thread is about to wait for a request.</summary>
    public void BeginWait() => Interlocked.Increment(ref waiting);

    /// <summary>It has waited.</summary>
    public void EndWait() => Interlocked.Decrement(ref waiting);

    /// <summary>
    /// Sees to it that a thread waits for requests while the calling one does something that takes long or depends on
    /// another request.
    /// </summary>
    public void EnsureReader()
    {
        if (WaitingCount == 0) Wake();
    }

    /// <summary>Wakes one thread that is parked, if there is one.</summary>
    public void Wake()
    {
        if (TryUnpark()) gate.Give();
    }

    /// <summary>Parks the calling thread until it is woken, unless no other thread waits for requests.</summary>
    public void Park()
    {
        // Entered first and looked second, as EndWait and then EnsureReader do it the other way round: one of two that
        // do so at once sees the other.
        Interlocked.Increment(ref parked);
        if (WaitingCount == 0 && TryUnpark()) return;
        while (!isClosed && !gate.TryTake()) gate.Await();
    }

    /// <summary>The session ends: every thread is woken, for good.</summary>
    public void Close()
    {
        isClosed = true;
        // A thread that parks at this moment either sees the end, or is seen here.
        Interlocked.MemoryBarrier();
        while (TryUnpark()) gate.Give();
    }

    private bool TryUnpark()
    {
        int count;
        while ((count = Volatile.Read(ref parked)) > 0)
        {
            if (Interlocked.CompareExchange(ref parked, count - 1, count) == count) return true;
        }
        return false;
    }
}
