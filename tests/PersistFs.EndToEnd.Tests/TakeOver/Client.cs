using System.Text;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>A process's worth of calls on a thread of its own, each of which has to succeed.</summary>
internal sealed class Client : IDisposable
{
    private readonly string home;
    private readonly Thread thread;
    private volatile bool isEnding;
    private Exception? failure;
    private long rounds;

    /// <param name="home">A directory that it makes.</param>
    public Client(string home)
    {
        this.home = home;
        Directory.CreateDirectory(home);
        thread = new Thread(Run) { IsBackground = true };
        thread.Start();
    }

    /// <summary>Ends it; rethrows what went wrong.</summary>
    public void End()
    {
        isEnding = true;
        thread.Join();
        Assert.Null(failure);
        Assert.NotEqual(0, rounds);
    }

    public void Dispose()
    {
        isEnding = true;
        thread.Join();
    }

    private void Run()
    {
        try
        {
            using Descriptor log = Descriptor.Open(
                $"{home}/log", OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_APPEND);
            while (!isEnding) Round(log);
        }
#pragma warning disable CA1031 // Whatever goes wrong belongs to the thread that ends the client.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
        }
    }

    private void Round(Descriptor log)
    {
        string name = $"{home}/file{rounds}";
        byte[] text = Encoding.ASCII.GetBytes($"round {rounds,10}\n");
        using (Descriptor file = Descriptor.Create(name))
        {
            file.WriteAt(0, text);
            Succeeds(Syscall.fsync(file.Number));
            Assert.Equal(text, file.ReadAt(0, 100));
        }
        log.Write(text);
        Assert.Equal((rounds + 1) * text.Length, log.Size);
        Succeeds(Syscall.rename(name, name + ".new"));
        Succeeds(Syscall.mkdir(name, Mode(755)));
        Succeeds(Syscall.rmdir(name));
        Succeeds(Syscall.unlink(name + ".new"));
        rounds++;
    }
}
