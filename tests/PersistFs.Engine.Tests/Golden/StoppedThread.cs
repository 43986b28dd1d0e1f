using PersistFs.Engine.Arenas;

namespace PersistFs.Engine.Tests.Golden;

/// <summary>A thread that has stopped in the middle of an operation; Dispose lets it finish.</summary>
internal sealed class StoppedThread : IDisposable
{
    private readonly ManualResetEventSlim reached = new();
    private readonly ManualResetEventSlim mayGoOn = new();
    private readonly Thread thread;
    private bool isStopped;

    /// <summary>Returns once the thread has stopped.</summary>
    /// <param name="operation">What it does.</param>
    /// <param name="condition">It stops at the first store after which this is true.</param>
    /// <exception cref="InvalidOperationException">The operation ended without.</exception>
    public StoppedThread(Action operation, Func<bool> condition)
    {
        thread = new Thread(() =>
        {
            CrashPoint.Observer = new Observer(this, condition);
            operation();
            CrashPoint.Observer = null;
            reached.Set();
        });
        thread.Start();
        reached.Wait();
        if (!isStopped) throw new InvalidOperationException("The operation has ended before it was to stop.");
    }

    public void Dispose()
    {
        mayGoOn.Set();
        thread.Join();
        reached.Dispose();
        mayGoOn.Dispose();
    }

    private sealed class Observer(StoppedThread owner, Func<bool> condition) : CrashObserver
    {
        public override void AfterStore()
        {
            if (owner.isStopped || !condition()) return;
            owner.isStopped = true;
            owner.reached.Set();
            owner.mayGoOn.Wait();
        }

        public override void BeforeBulk(ReadOnlySpan<byte> target, ReadOnlySpan<byte> source)
        {
        }
    }
}
