using System.Text.Json;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>The unit under a real systemd, which keeps the connection in its descriptor store.</summary>
[Collection(TakeOverCollection.Name)]
public sealed class SystemdTests : IDisposable
{
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

    [SystemdFact]
    public void An_arena_in_memory_does_not_outgrow_the_store_and_the_log_tells_why()
    {
        string settings = systemd.At("/etc/systemd/system/persistfs@.service.d/store.conf");
        File.WriteAllText(settings, "[Service]\nFileDescriptorStoreMax=4\n");
        File.WriteAllText(
            systemd.At("/etc/persistfs/mnt-tree.env"), "PERSISTFS_ARENA=memfd:tree\nPERSISTFS_SIZE=256M\n");
        systemd.Run("systemctl", "daemon-reload");
        systemd.Run("systemctl", "start", Unit);
        ToolResult filled = Fill();
        Assert.Contains("No space left", filled.Error, StringComparison.Ordinal);
        Assert.Contains(
            "memfd:tree: the arena cannot grow: its descriptor store is full, with 4 descriptors: "
                + "raise FileDescriptorStoreMax= in its unit; 130 are enough",
            File.ReadAllText(systemd.At("/var/log/tree.log")), StringComparison.Ordinal);
        Assert.Equal("4", Property("NFileDescriptorStore"));
        File.Delete(settings);
        systemd.Run("systemctl", "daemon-reload");
        systemd.Run("systemctl", "restart", Unit);
        Assert.Equal(0, Fill().ExitCode);
    }

    private ToolResult Fill() => systemd.Try(
        "dd", "if=/dev/zero", $"of={Root}/large", "bs=1M", "count=60", "conv=fsync", "status=none");

    private JsonElement Status()
    {
        using JsonDocument document = JsonDocument.Parse(systemd.RunProduct("status", Root, "--json"));
        return document.RootElement.Clone();
    }

    private string Property(string name) => systemd.Run("systemctl", "show", "--value", "-p", name, Unit).Trim();
}
