using System.Text.Json;

namespace PersistFs.EndToEnd.Tests.CommandLine;

/// <summary>An arena that is served already is mounted in further places, which are equals of the first.</summary>
public sealed class BindMountTests : IDisposable
{
    private readonly Scratch scratch = new();
    private readonly string second;

    public BindMountTests()
    {
        second = scratch.At("second");
        Directory.CreateDirectory(second);
    }

    public void Dispose()
    {
        while (Tool.Try("umount", "-l", second).ExitCode == 0)
        {
        }
        scratch.Dispose();
    }

    [RootFact(ProductOnly = true, Tools = "umount")]
    public void A_change_in_one_place_is_seen_in_the_other_at_once()
    {
        scratch.Up();
        Assert.Contains(scratch.MountPoint, scratch.Run("mount", "ARENA", second), StringComparison.Ordinal);
        string here = Path.Combine(scratch.MountPoint, "file"), there = Path.Combine(second, "file");
        Assert.False(File.Exists(there));
        File.WriteAllText(here, "contents");
        Assert.Equal("contents", File.ReadAllText(there));
        File.Move(there, there + ".new");
        Assert.False(File.Exists(here));
        Assert.True(File.Exists(here + ".new"));
        File.Delete(here + ".new");
        Assert.False(File.Exists(there + ".new"));
    }

    [RootFact(ProductOnly = true, Tools = "umount")]
    public void Every_mount_leads_to_the_same_server_and_the_last_one_ends_it()
    {
        scratch.Up();
        scratch.Run("up", second, "--arena", "ARENA");
        int server = Status(scratch.MountPoint).GetProperty("pid").GetInt32();
        JsonElement status = Status(second);
        Assert.Equal(server, status.GetProperty("pid").GetInt32());
        Assert.Equal([scratch.MountPoint, second], Mounts(status).Order().Reverse());
        File.WriteAllText(Path.Combine(second, "file"), "contents");
        Assert.Contains(second, scratch.Run("down", "MNT"), StringComparison.Ordinal);
        Assert.Equal("contents", File.ReadAllText(Path.Combine(second, "file")));
        Assert.Empty(Directory.GetFiles(scratch.MountPoint));
        Assert.Equal([second], Mounts(Status(second)));
        // The server was started for the first place, and finds its way back there.
        scratch.Up();
        Assert.Equal(server, Status(scratch.MountPoint).GetProperty("pid").GetInt32());
        Tool.Run("umount", scratch.MountPoint);
        Assert.Equal("", scratch.Run("down", second));
        Assert.False(MountedTree.IsRunning(server));
        scratch.Run("check", "ARENA");
    }

    [RootFact(ProductOnly = true, Tools = "umount mount")]
    public void Options_of_a_mount_are_its_own_and_those_of_the_tree_stay()
    {
        scratch.Up();
        ToolResult result = scratch.Try("mount-helper", "ARENA", second, "-v", "-o", "ro,nosuid,size=1G,writethrough");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("its size stays 64 MiB, it stays writeback", result.Output, StringComparison.Ordinal);
        Assert.Equal(["ro", "nosuid"], OptionsOf(second).Split(',').Intersect(["ro", "rw", "nosuid"]));
        Assert.Contains("rw", OptionsOf(scratch.MountPoint).Split(','));
        File.WriteAllText(Path.Combine(scratch.MountPoint, "file"), "contents");
        Assert.Throws<IOException>(() => File.WriteAllText(Path.Combine(second, "file"), "others"));
        Assert.Equal("contents", File.ReadAllText(Path.Combine(second, "file")));
    }

    [RootFact(ProductOnly = true, Tools = "umount")]
    public void All_mounts_outlive_a_server_and_end_with_the_order_to_stop()
    {
        scratch.Up();
        scratch.Run("mount", "ARENA", second);
        // Where the server was started there is no mount any more, and another server takes over all the same.
        Tool.Run("umount", scratch.MountPoint);
        int server = Status(second).GetProperty("pid").GetInt32(), keeper = MountedTree.KeeperOf(server);
        MountedTree.KillAlone(server);
        File.WriteAllText(Path.Combine(second, "file"), "contents");
        // A request is answered during the replay, a moment before its server answers orders.
        TakeOver.HeldTree.Await("successor", () => scratch.Try("status", second).ExitCode == 0);
        scratch.Run("upgrade", second);
        Assert.Equal("contents", File.ReadAllText(Path.Combine(second, "file")));
        scratch.Run("mount", "ARENA", "MNT");
        Tool.Run("kill", "-TERM", $"{keeper}");
        TakeOver.HeldTree.Await("end of the keeper", () => !MountedTree.IsRunning(keeper));
        Assert.Empty(Directory.GetFiles(second));
        Assert.Empty(Directory.GetFiles(scratch.MountPoint));
        scratch.Run("check", "ARENA");
    }

    [RootFact(ProductOnly = true, Tools = "umount")]
    public void What_is_in_the_way_is_told_and_nothing_is_changed()
    {
        scratch.Up();
        File.WriteAllText(Path.Combine(second, "hidden"), "");
        Assert.Equal(21, scratch.Try("mount", "ARENA", second).ExitCode);
        Assert.Equal(20, scratch.Try("mount", "ARENA", scratch.At("missing")).ExitCode);
        File.Delete(Path.Combine(second, "hidden"));
        scratch.Run("mount", "ARENA", second);
        ToolResult again = scratch.Try("mount", "ARENA", second);
        Assert.Equal(21, again.ExitCode);
        Assert.Contains("busy", again.Error, StringComparison.Ordinal);
        Tool.Run("umount", scratch.MountPoint);
        ToolResult other = scratch.Try("up", "MNT", "--arena", scratch.Arena + "-2", "--size", "64M");
        Assert.Equal(21, other.ExitCode);
        Assert.Contains(second, other.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(scratch.Arena + "-2"));
    }

    private static string OptionsOf(string place) =>
        File.ReadLines("/proc/mounts").Last(line => line.Contains($" {place} ")).Split(' ')[3];

    private static IEnumerable<string?> Mounts(JsonElement status) =>
        status.GetProperty("mounts").EnumerateArray().Select(mount => mount.GetString());

    private JsonElement Status(string target)
    {
        using JsonDocument document = JsonDocument.Parse(scratch.Run("status", target, "--json"));
        return document.RootElement.Clone();
    }
}
