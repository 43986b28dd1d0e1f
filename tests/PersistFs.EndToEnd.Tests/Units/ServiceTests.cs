using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using PersistFs.EndToEnd.Tests.CommandLine;

namespace PersistFs.EndToEnd.Tests.Units;

/// <summary>`persistfs serve` as a service manager sees it: readiness, signals, exit codes, log lines.</summary>
public sealed class ServiceTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Scratch scratch = new();
    private readonly Socket manager = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    public ServiceTests()
    {
        manager.Bind(new UnixDomainSocketEndPoint(scratch.At("notify")));
    }

    public void Dispose()
    {
        manager.Dispose();
        scratch.Dispose();
    }

    [RootFact(ProductOnly = true, Tools = "env stat kill")]
    public void The_unit_is_ready_when_the_tree_answers_and_ends_cleanly_at_SIGTERM()
    {
        using Process server = Serve();
        Assert.Contains("READY=1", Receive(server));
        Assert.StartsWith("fuse", Tool.Run("stat", "-f", "-c", "%T", scratch.MountPoint), StringComparison.Ordinal);
        Tool.Run("kill", "-TERM", $"{server.Id}");
        Assert.Contains("STOPPING=1", Receive(server));
        Assert.True(server.WaitForExit(Patience));
        Assert.Equal(0, server.ExitCode);
        Assert.DoesNotContain(File.ReadLines("/proc/mounts"), line => line.Contains(scratch.MountPoint));
        string log = server.StandardError.ReadToEnd();
        Assert.All(log.TrimEnd().Split('\n'), line => Assert.Matches("^<[0-7]>", line));
    }

    [RootFact(ProductOnly = true, Tools = "env umount")]
    public void The_server_ends_when_the_tree_is_unmounted()
    {
        using Process server = Serve();
        Assert.Contains("READY=1", Receive(server));
        Tool.Run("umount", scratch.MountPoint);
        Assert.True(server.WaitForExit(Patience));
        Assert.Equal(0, server.ExitCode);
    }

    [RootFact(ProductOnly = true, Tools = "env kill")]
    public void Told_to_stop_while_a_file_is_open_the_server_serves_it_for_the_grace()
    {
        using Process server = Serve("--stop-grace", "60s");
        Assert.Contains("READY=1", Receive(server));
        string path = Path.Combine(scratch.MountPoint, "file");
        File.WriteAllText(path, "contents");
        using (FileStream file = File.OpenRead(path))
        {
            Tool.Run("kill", "-TERM", $"{server.Id}");
            Assert.Contains("STOPPING=1", Receive(server));
            Assert.True(SpinWait.SpinUntil(() => !File.Exists(path), Patience));
            Assert.Equal('c', file.ReadByte());
        }
        Assert.True(server.WaitForExit(Patience));
        Assert.Equal(0, server.ExitCode);
    }

    [RootFact(ProductOnly = true)]
    public void A_server_that_cannot_start_has_the_exit_code_of_the_reason_and_is_never_ready()
    {
        File.WriteAllText(scratch.Arena, "no arena");
        using Process server = Serve();
        Assert.True(server.WaitForExit(Patience));
        Assert.Equal(11, server.ExitCode);
        Assert.Equal(0, manager.Available);
    }

    private Process Serve(params string[] more) => Tool.Start("/", "env",
    [
        $"NOTIFY_SOCKET={scratch.At("notify")}", ProductBinary.Path, "serve", scratch.MountPoint,
        "--arena", scratch.Arena, "--size", "64M", .. more,
    ]);

    /// <summary>The next message of the server; one that ends without a word is not waited for.</summary>
    private string Receive(Process server)
    {
        long start = Stopwatch.GetTimestamp();
        while (!manager.Poll(TimeSpan.FromSeconds(1), SelectMode.SelectRead))
        {
            if (server.HasExited) Assert.Fail($"It ended with {server.ExitCode}: {server.StandardError.ReadToEnd()}");
            Assert.True(Stopwatch.GetElapsedTime(start) < Patience, "It serves and tells nobody, or does not come up.");
        }
        byte[] message = new byte[4096];
        return Encoding.ASCII.GetString(message, 0, manager.Receive(message));
    }
}
