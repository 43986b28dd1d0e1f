using PersistFs.Engine;
using PersistFs.Engine.Transactions;

namespace PersistFs.Server;

/// <summary>Does for a volume what nobody waits for: orphans reaped, memory fetched ahead and given back.</summary>
internal sealed class MaintenanceThread : IDisposable
{
    /// <summary>
    /// Short enough that a burst of writes seldom has to wait for memory, long enough to cost nothing.
    /// </summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Volume volume;
    private readonly Worker worker;
    private readonly CancellationTokenSource stop = new();
    private readonly Thread thread;

    public MaintenanceThread(Volume volume)
    {
        this.volume = volume;
        worker = volume.AttachWorker();
        thread = new Thread(Run) { IsBackground = true, Name = "maintenance" };
        thread.Start();
    }

    public void Dispose()
    {
        stop.Cancel();
        thread.Join();
        volume.DetachWorker(worker);
        stop.Dispose();
    }

    private void Run()
    {
        try
        {
            // What earlier sessions left behind is there once; what this session orphans goes with its last FORGET.
            volume.ReapOrphans(worker, stop.Token);
            do
            {
                volume.BalanceFrames(worker);
            }
            while (!stop.Token.WaitHandle.WaitOne(Interval));
        }
        catch (ArenaCorruptException exception)
        {
            volume.TurnReadOnly(exception.Message);
        }
    }
}
