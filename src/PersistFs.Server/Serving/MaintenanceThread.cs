using System.Collections.Concurrent;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;

namespace PersistFs.Server.Serving;

/// <summary>Does for a volume what nobody waits for: orphans reaped, memory fetched ahead and given back.</summary>
internal sealed class MaintenanceThread : IDisposable
{
    /// <summary>
    /// Short enough that a burst of writes seldom has to wait for memory, long enough to cost nothing.
    /// </summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Volume volume;
    private readonly CancellationTokenSource stop = new();
    private readonly AutoResetEvent hasWork = new(initialState: false);
    private readonly ConcurrentQueue<Action<Worker>> works = new();
    private (Thread Thread, Worker Worker)? running;

    /// <param name="volume">The volume; not touched before <see cref="Start"/>.</param>
    public MaintenanceThread(Volume volume)
    {
        this.volume = volume;
    }

    /// <summary>Begins, once the session runs: what requests sent again refer to must not be reaped before.</summary>
    public void Start()
    {
        Worker worker = volume.AttachWorker();
        Thread thread = new(() => Run(worker)) { IsBackground = true, Name = "maintenance" };
        running = (thread, worker);
        thread.Start();
    }

    /// <summary>
    /// Has work that needs a worker done by this thread, between two rounds of its own, and waits for it. Short work
    /// only: memory is fetched ahead by this thread too.
    /// </summary>
    /// <returns>False when the thread ended before it came to it.</returns>
    public bool TryDo(Action<Worker> work)
    {
        using ManualResetEventSlim isDone = new();
        works.Enqueue(self =>
        {
            work(self);
            isDone.Set();
        });
        hasWork.Set();
        while (!isDone.Wait(Interval))
        {
            if (running is not { Thread.IsAlive: true }) return isDone.IsSet;
        }
        return true;
    }

    public void Dispose()
    {
        stop.Cancel();
        if (running is var (thread, worker))
        {
            thread.Join();
            volume.DetachWorker(worker);
            running = null;
        }
        stop.Dispose();
        hasWork.Dispose();
    }

    private void Run(Worker worker)
    {
        try
        {
            // What earlier sessions left behind is there once; what this session orphans goes with its last FORGET.
            volume.ReapOrphans(worker, stop.Token);
            WaitHandle[] reasons = [stop.Token.WaitHandle, hasWork];
            do
            {
                while (works.TryDequeue(out Action<Worker>? work)) work(worker);
                volume.BalanceFrames(worker);
            }
            while (WaitHandle.WaitAny(reasons, Interval) != 0);
        }
        catch (ArenaCorruptException exception)
        {
            volume.TurnReadOnly(exception.Message);
        }
    }
}
