using System.Text.Json;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>The unit under a real systemd, which keeps the connection in its descriptor store.</summary>
[Collection(TakeOverCollection.Name)]
public sealed class SystemdTests : IDisposable
{
    private const string Crash = "1 crashes, 0 kills";
    private const string Root = "/mnt/tree", Unit = "persistfs@mnt-tree.service";

    private readonly SystemdNamespace systemd = new();

    public SystemdTests() => Directory.CreateDirectory(systemd.At(Root));

    public void Dispose() => systemd.Dispose();

    [SystemdFact]
    public void Clients_notice_neither_a_restart_nor_a_kill_of_the_service()
    {
        systemd.Run("systemctl", "start", Unit);
        Assert.Equal(("active", "systemd"), (Property("ActiveState"), Status().GetProperty("holder").GetString()));
        using (Client client = new(systemd.At($"{Root}/client")))
        using (Descriptor held = Descriptor.Create(systemd.At($"{Root}/held")))
        {
            string server = Property("MainPID");
            held.WriteAt(0, "before"u8);
            for (ulong takeovers = 1; takeovers <= 6; takeovers++)
            {
                bool isKilled = takeovers % 2 == 0;
                if (isKilled) systemd.Run("systemctl", "kill", "--kill-who=main", "--signal=SIGKILL", Unit);
                else systemd.Run("systemctl", "restart", Unit);
                HeldTree.Await("another server",
                    () => Property("ActiveState") == "active" && Property("MainPID") != server);
                server = Property("MainPID");
                Assert.Equal("before"u8.ToArray(), held.ReadAt(0, 100));
                Assert.Equal(takeovers, Status().GetProperty("takeovers").GetUInt64());
                Assert.Equal(("2", isKilled ? "1" : "0"), (Property("NFileDescriptorStore"), Property("NRestarts")));
            }

            client.End();
        }
    }

    [SystemdFact]
    public void A_killed_server_of_the_service_is_not_held_against_its_request_and_one_that_crashed_is()
    {
        systemd.Run("bash", "-c", "echo PERSISTFS_WORKERS=1 >>/etc/persistfs/mnt-tree.env");
        systemd.Run("systemctl", "start", Unit);
        foreach ((Signum signal, string counted) in Ends)
        {
            string made = systemd.At($"{Root}/{signal}");
            StormTracer.EndInRequest(
                systemd.OuterNumberOf(Property("MainPID")), signal, () => Succeeds(Syscall.mkdir(made, Mode(755))),
                () => Dump().Contains("in hand: request", StringComparison.Ordinal));
            Assert.True(Directory.Exists(made));
            Assert.Contains(counted, Dump(), StringComparison.Ordinal);
        }
    }

    [SystemdFact]
    public void A_service_that_is_stopped_has_unmounted_and_finds_its_tree_when_it_is_started_again()
    {
        systemd.Run("systemctl", "start", Unit);
        File.WriteAllText(systemd.At($"{Root}/file"), "contents");
        systemd.Run("systemctl", "stop", Unit);
        Assert.Equal(("inactive", "success", "0"),
            (Property("ActiveState"), Property("Result"), Property("NFileDescriptorStore")));
        Assert.DoesNotContain(Root, systemd.Run("cat", "/proc/self/mounts"), StringComparison.Ordinal);
        systemd.RunProduct("check", "/mnt/arena");
        systemd.Run("systemctl", "start", Unit);
        Assert.Equal("contents", File.ReadAllText(systemd.At($"{Root}/file")));
        Assert.Equal(0UL, Status().GetProperty("takeovers").GetUInt64());
    }

    /// <summary>Before Linux 6.15 nobody tells how a server ended, and a crash is taken for granted.</summary>
    private static IEnumerable<(Signum Signal, string Counted)> Ends =>
    [
        (Signum.SIGKILL, Environment.OSVersion.Version >= new Version(6, 15) ? "0 crashes, 1 kills" : Crash),
        (Signum.SIGABRT, Crash),
    ];

    private string Dump() => systemd.RunProduct("dump", "/mnt/arena");

    private JsonElement Status()
    {
        using JsonDocument document = JsonDocument.Parse(systemd.RunProduct("status", Root, "--json"));
        return document.RootElement.Clone();
    }

    private string Property(string name) => systemd.Run("systemctl", "show", "--value", "-p", name, Unit).Trim();
}
