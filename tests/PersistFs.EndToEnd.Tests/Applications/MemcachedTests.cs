using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace PersistFs.EndToEnd.Tests.Applications;

/// <summary>memcached -e: a cache in a file that a restart takes over.</summary>
[Collection(ApplicationsCollection.Name)]
public sealed class MemcachedTests(MountedTree tree) : TreeTest(tree)
{
    private const int ItemsCount = 5_000;

    [RootFact(Tools = "memcached")]
    public void A_restarted_cache_has_every_item()
    {
        using (Process first = Start())
        {
            using (Stream stream = Connect())
            {
                StringBuilder commands = new();
                for (int i = 0; i < ItemsCount; i++)
                {
                    commands.Append($"set k{i} 0 0 {ValueOf(i).Length} noreply\r\n{ValueOf(i)}\r\n");
                }

                stream.Write(Encoding.ASCII.GetBytes(commands + "version\r\n"));
                using StreamReader reader = new(stream, Encoding.ASCII);
                Assert.StartsWith("VERSION", reader.ReadLine(), StringComparison.Ordinal);
            }

            // SIGUSR1 has it write the description of its memory, to a file beside it, and end.
            Succeeds(Syscall.kill(first.Id, Signum.SIGUSR1));
            first.WaitForExit();
        }

        // It holds a description as recent as its own start for a clock set back, and starts empty.
        long stopped = StatusOf(At("memory.meta")).st_mtime;
        while (DateTimeOffset.UtcNow.ToUnixTimeSeconds() <= stopped + 1) Thread.Yield();
        using Process second = Start();
        using (Stream stream = Connect())
        {
            using StreamReader reader = new(stream, Encoding.ASCII);
            for (int i = 0; i < ItemsCount; i++)
            {
                stream.Write(Encoding.ASCII.GetBytes($"get k{i}\r\n"));
                Assert.Equal($"VALUE k{i} 0 {ValueOf(i).Length}", reader.ReadLine());
                Assert.Equal(ValueOf(i), reader.ReadLine());
                Assert.Equal("END", reader.ReadLine());
            }
        }

        second.Kill();
        second.WaitForExit();
    }

    private static string ValueOf(int i) => new((char)('a' + i % 26), 10 + i * 7 % 900);

    private Process Start() =>
        Tool.Start(Here, "memcached", "-u", "root", "-m", "64", "-s", At("socket"), "-e", At("memory"));

    private NetworkStream Connect()
    {
        Stopwatch waited = Stopwatch.StartNew();
        while (true)
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(At("socket")));
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException) when (waited.Elapsed.TotalSeconds < 20)
            {
                socket.Dispose();
            }
        }
    }
}
