using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>Sets and gets items of a memcached, and knows what each has to be.</summary>
internal sealed class CacheClient : IDisposable
{
    private const int ItemsCount = 10_000, ValueLengthMax = 2_000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly int[] versions = new int[ItemsCount];
    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly StreamReader reader;
    private readonly string prefix;
    private readonly Random random;
    private readonly Thread thread;
    private Exception? failure;
    private bool mustEnd;
    private long calls;

    /// <param name="path">memcached's socket.</param>
    /// <param name="number">Of the client: its items are nobody else's.</param>
    public CacheClient(string path, int number)
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (!socket.Connected)
        {
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
            }
            catch (SocketException) when (waited.Elapsed < Patience)
            {
                Thread.Yield();
            }
        }

        reader = new StreamReader(new NetworkStream(socket), Encoding.ASCII);
        prefix = $"client{number}-";
        random = new Random(number);
        thread = new Thread(Run);
        thread.Start();
    }

    /// <summary>Sets and gets that were answered.</summary>
    public long Calls => Volatile.Read(ref calls);

    /// <summary>Ends it; fails the test for the first answer that was wrong.</summary>
    public void End()
    {
        Volatile.Write(ref mustEnd, true);
        thread.Join();
        Assert.True(failure is null, failure?.ToString());
    }

    public void Dispose()
    {
        Volatile.Write(ref mustEnd, true);
        thread.Join();
        reader.Dispose();
        socket.Dispose();
    }

    private void Run()
    {
        try
        {
            while (!Volatile.Read(ref mustEnd))
            {
                int item = random.Next(ItemsCount);
                if (versions[item] == 0 || random.Next(2) == 0) Set(item);
                else Get(item);
                calls++;
            }
        }
#pragma warning disable CA1031 // End() tells of it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
        }
    }

    private void Set(int item)
    {
        versions[item]++;
        string value = ValueOf(item);
        Send($"set {prefix}{item} 0 0 {value.Length}\r\n{value}\r\n");
        Assert.Equal("STORED", reader.ReadLine());
    }

    private void Get(int item)
    {
        Send($"get {prefix}{item}\r\n");
        string value = ValueOf(item);
        Assert.Equal($"VALUE {prefix}{item} 0 {value.Length}", reader.ReadLine());
        Assert.Equal(value, reader.ReadLine());
        Assert.Equal("END", reader.ReadLine());
    }

    private void Send(string command) => socket.Send(Encoding.ASCII.GetBytes(command));

    private string ValueOf(int item) =>
        new((char)('a' + (item + versions[item]) % 26), 1 + (item * 7 + versions[item]) % ValueLengthMax);
}
