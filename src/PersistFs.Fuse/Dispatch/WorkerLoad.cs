using System.Diagnostics;

namespace PersistFs.Fuse.Dispatch;

/// <summary>How one request thread spends its time, by windows of <see cref="RequestsInWindow"/> requests.</summary>
internal sealed class WorkerLoad
{
    /// <summary>Some hundred microseconds of requests that come as fast as one caller can send them.</summary>
    public const int RequestsInWindow = 32;

    /// <summary>A thread waits at least half of its time while one caller after the other computes and asks.</summary>
    private const int IdleShare = 2;

    private const int BusyShare = 5;

    private long windowStart;
    private long waitStart;
    private long waited;
    private long lastRequest;
    private int requests;

    /// <summary>When the thread read its last request, in ticks of <see cref="Stopwatch"/>.</summary>
    public long LastRequest => Volatile.Read(ref lastRequest);

    /// <summary>What the window that has ended last took.</summary>
    public long WindowTicks { get; private set; }

    /// <summary>Whether the thread waited for requests most of that window.</summary>
    public bool IsIdle { get; private set; }

    /// <summary>Whether it hardly waited for any.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>The thread is about to wait for a request.</summary>
    public void BeginWait() => waitStart = Stopwatch.GetTimestamp();

    /// <summary>It has waited.</summary>
    public void EndWait()
    {
        long now = Stopwatch.GetTimestamp();
        waited += now - waitStart;
        Volatile.Write(ref lastRequest, now);
    }

    /// <summary>A request has been served. Whether a window has ended with it.</summary>
    public bool CountRequest()
    {
        if (++requests < RequestsInWindow) return false;
        long now = Stopwatch.GetTimestamp();
        WindowTicks = now - windowStart;
        IsIdle = waited > WindowTicks / IdleShare;
        IsBusy = waited < WindowTicks / BusyShare;
        Restart(now);
        return true;
    }

    /// <summary>Begins a window now, without what was before.</summary>
    public void Restart() => Restart(Stopwatch.GetTimestamp());

    private void Restart(long now)
    {
        windowStart = now;
        waited = 0;
        requests = 0;
    }
}
