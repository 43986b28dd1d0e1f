using PersistFs.Engine.Arenas;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>Stops its thread at one store until it may go on.</summary>
internal sealed class PauseObserver(int stopAt) : CrashObserver, IDisposable
{
    private readonly ManualResetEventSlim reached = new();
    private readonly ManualResetEventSlim mayGoOn = new();
    private int stores;
    private bool isStopped;

    public override void AfterStore()
    {
        if (++stores != stopAt) return;
        isStopped = true;
        reached.Set();
        mayGoOn.Wait();
    }

    public override void BeforeBulk(ReadOnlySpan<byte> target, ReadOnlySpan<byte> source)
    {
    }

    /// <summary>The operation has ended, stopped before or not.</summary>
    public void End() => reached.Set();

    /// <summary>Waits until the thread is stopped at its store, or its operation has ended.</summary>
    /// <returns>Whether it is stopped.</returns>
    public bool Wait()
    {
        reached.Wait();
        return isStopped;
    }

    public void GoOn() => mayGoOn.Set();

    public void Dispose()
    {
        reached.Dispose();
        mayGoOn.Dispose();
    }
}
