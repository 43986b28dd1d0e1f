using Xunit.Sdk;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>A thread with calls in a directory of its own, none of which may fail, until it is told to end.</summary>
internal abstract class TakeoverStressClient : IDisposable
{
    private readonly Thread thread;
    private volatile bool isEnding;
    private Exception? failure;
    private long rounds;

    /// <param name="home">A directory that it makes.</param>
    /// <param name="seed">What it does.</param>
    protected TakeoverStressClient(string home, int seed)
    {
        Home = home;
        Random = new Random(seed);
        Succeeds(Syscall.mkdir(home, Mode(755)));
        thread = new Thread(Run) { IsBackground = true, Name = GetType().Name };
    }

    /// <summary>How many rounds are done; each makes one call at least that a server has to answer.</summary>
    public long Rounds => Interlocked.Read(ref rounds);

    public bool HasFailed => Volatile.Read(ref failure) != null;

    protected string Home { get; }

    protected Random Random { get; }

    protected bool IsEnding => isEnding;

    public void Start() => thread.Start();

    /// <summary>Ends the thread after its round and a last look; fails the test for what has gone wrong.</summary>
    public void End()
    {
        isEnding = true;
        thread.Join();
        if (failure != null) throw new XunitException($"{GetType().Name} after {Rounds} rounds: {failure}");
        Assert.NotEqual(0, Rounds);
    }

    public virtual void Dispose() => isEnding = true;

    /// <summary>Called once, on the client's thread.</summary>
    protected virtual void Open()
    {
    }

    protected abstract void Round();

    /// <summary>A last look at everything, then the end; called on the client's thread.</summary>
    protected virtual void Close()
    {
    }

    private void Run()
    {
        try
        {
            Open();
            while (!isEnding)
            {
                Round();
                Interlocked.Increment(ref rounds);
            }

            Close();
        }
#pragma warning disable CA1031 // Whatever goes wrong belongs to the thread that ends the client.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Volatile.Write(ref failure, exception);
        }
    }
}
