using System.Diagnostics;
using PersistFs.Fuse.Dispatch;
using PersistFs.Linux;

namespace PersistFs.Fuse.Sessions;

/// <summary>
/// Looks after a session while it has requests: whether all threads that should read are stuck, and whether processors
/// may sleep again. While there are none it sleeps.
/// </summary>
internal sealed class Watchdog(ReaderPool readers, RequestThread[] threads, bool keepsAwake)
{
    private const int IntervalInMilliseconds = 5;

    /// <summary>After this long without a request there is nothing to look after.</summary>
    private static readonly long QuietTicks = 4 * IntervalInMilliseconds * Stopwatch.Frequency / 1000;

    private readonly CpuLatencyRequest? latency = keepsAwake ? CpuLatencyRequest.TryOpen() : null;
    private readonly FutexSemaphore gate = new();
    private long lastBurst;
    private int isAwake;
    private int isAsleep;
    private volatile bool isOver;

    /// <summary>Requests that come less often may wait until a processor wakes up.</summary>
    private static readonly long BurstTicks = WorkerLoad.RequestsInWindow * 100 * Stopwatch.Frequency / 1_000_000;

    /// <summary>Starts the thread that watches.</summary>
    public void Start() => new Thread(Run) { Name = "fuse-watch", IsBackground = true }.Start();

    /// <summary>A thread has got a request, and is no longer counted among those that wait.</summary>
    public void NoteRequest()
    {
        // The count was changed before this look, and the watch looks at it once it has said that it sleeps: one of the
        // two sees the other.
        if (Volatile.Read(ref isAsleep) != 0 && Interlocked.Exchange(ref isAsleep, 0) != 0) gate.Give();
    }

    /// <summary>A thread has served <see cref="WorkerLoad.RequestsInWindow"/> requests in this time.</summary>
    /// <remarks>
    /// A caller sleeps while its request is served, and the thread while the caller computes. Where an idle processor
    /// has to be brought back for each, that is most of the time a request takes (bench/README.md). So processors stay
    /// awake while requests come thick and fast, and a moment longer.
    /// </remarks>
    public void NoteWindow(long ticks)
    {
        if (latency is null || ticks > BurstTicks) return;
        Volatile.Write(ref lastBurst, Stopwatch.GetTimestamp());
        if (Volatile.Read(ref isAwake) == 0 && Interlocked.Exchange(ref isAwake, 1) == 0) latency.Set(staysReady: true);
    }

    /// <summary>Ends the thread, and lets processors sleep.</summary>
    public void End()
    {
        isOver = true;
        gate.Give();
    }

    private void Run()
    {
        while (!isOver)
        {
            gate.Await(MaySleep() ? -1 : IntervalInMilliseconds);
            Volatile.Write(ref isAsleep, 0);
            while (gate.TryTake())
            {
                // One look is enough, however many requests asked for it.
            }
            readers.EnsureReader();
            LetSleep();
        }
        latency?.Close();
    }

    /// <summary>Whether there is nothing to look after until <see cref="NoteRequest"/> gives a permit.</summary>
    private bool MaySleep()
    {
        long last = 0;
        foreach (RequestThread thread in threads) last = Math.Max(last, thread.Load.LastRequest);
        if (Stopwatch.GetTimestamp() - last <= QuietTicks) return false;
        Interlocked.Exchange(ref isAsleep, 1);
        return readers.WaitingCount > 0;
    }

    private void LetSleep()
    {
        if (Volatile.Read(ref isAwake) == 0) return;
        if (Stopwatch.GetTimestamp() - Volatile.Read(ref lastBurst) < QuietTicks / 2) return;
        // Taken back first: a thread that finds it still demanded demands it again with its next window.
        latency!.Set(staysReady: false);
        Volatile.Write(ref isAwake, 0);
    }
}
