using System.Text.Json;

namespace PersistFs.EndToEnd.Tests.CommandLine;

/// <summary>`persistfs status`, for people and for programs.</summary>
public sealed class StatusTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [RootFact(ProductOnly = true)]
    public void Json_has_what_tools_lean_on()
    {
        scratch.Up();
        File.WriteAllBytes(Path.Combine(scratch.MountPoint, "file"), new byte[1 << 20]);
        JsonElement status = Status("MNT");
        Assert.True(Directory.Exists($"/proc/{status.GetProperty("pid").GetInt32()}"));
        Assert.Equal(scratch.Arena, status.GetProperty("arena").GetString());
        Assert.Equal("tmpfs", status.GetProperty("backing").GetString());
        Assert.Equal("serving", status.GetProperty("state").GetString());
        Assert.True(status.GetProperty("generation").GetUInt64() > 0);
        Assert.Equal(0UL, status.GetProperty("takeovers").GetUInt64());
        Assert.InRange(
            status.GetProperty("bytesUsed").GetUInt64(), 1UL << 20, status.GetProperty("bytesMax").GetUInt64());
        Assert.Equal(2UL, status.GetProperty("inodesUsed").GetUInt64());
        JsonElement recovery = status.GetProperty("lastRecovery");
        foreach (string name in new[] { "replayed", "answeredFromRecords", "rolledBack", "milliseconds" })
        {
            Assert.Equal(JsonValueKind.Number, recovery.GetProperty(name).ValueKind);
        }
    }

    [RootFact(ProductOnly = true)]
    public void A_tree_is_found_by_its_arena_and_an_arena_without_a_server_too()
    {
        scratch.Up();
        int server = Status("MNT").GetProperty("pid").GetInt32();
        Assert.Equal(server, Status("ARENA").GetProperty("pid").GetInt32());
        scratch.Run("down", "MNT");
        JsonElement offline = Status("ARENA");
        Assert.Equal(JsonValueKind.Null, offline.GetProperty("pid").ValueKind);
        Assert.Equal("offline", offline.GetProperty("state").GetString());
        Assert.Equal(1UL, offline.GetProperty("inodesUsed").GetUInt64());
        Assert.Equal(22, scratch.Try("status", "MNT").ExitCode);
    }

    [RootFact(ProductOnly = true, Tools = "umount")]
    public void Asking_for_the_status_of_an_arena_whose_server_was_killed_changes_not_a_byte()
    {
        scratch.Up();
        File.WriteAllText(Path.Combine(scratch.MountPoint, "file"), "contents");
        int server = Status("MNT").GetProperty("pid").GetInt32();
        MountedTree.Kill(server);
        Tool.Run("umount", "-l", scratch.MountPoint);
        byte[] before = File.ReadAllBytes(scratch.Arena);
        JsonElement status = Status("ARENA");
        Assert.Equal("offline", status.GetProperty("state").GetString());
        Assert.Equal(2UL, status.GetProperty("inodesUsed").GetUInt64());
        Assert.Equal(JsonValueKind.Null, status.GetProperty("lastRecovery").ValueKind);
        Assert.InRange(status.GetProperty("transactionsInFlight").GetInt32(), 0, 64);
        Assert.Contains("offline", scratch.Run("status", "ARENA"), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(scratch.Arena));
    }

    [RootFact(ProductOnly = true)]
    public void The_numbers_of_an_arena_are_the_same_whether_it_is_served_or_not()
    {
        scratch.Up();
        File.WriteAllBytes(Path.Combine(scratch.MountPoint, "file"), new byte[5 << 20]);
        JsonElement served = Status("MNT");
        scratch.Run("down", "MNT");
        JsonElement offline = Status("ARENA");
        foreach (
            string name in new[] { "uuid", "generation", "session", "bytesMax", "sizeMax", "inodesUsed", "bytesUsed" })
        {
            Assert.Equal(served.GetProperty(name).ToString(), offline.GetProperty(name).ToString());
        }
    }

    [RootFact(ProductOnly = true, Tools = "umount")]
    public void A_log_is_kept_of_a_server_that_was_killed_and_removed_with_one_that_has_ended_well()
    {
        scratch.Up();
        Assert.Single(Logs());
        MountedTree.Kill(Status("MNT").GetProperty("pid").GetInt32());
        Tool.Run("umount", "-l", scratch.MountPoint);
        Assert.Single(Logs());
        scratch.Up();
        scratch.Run("down", "MNT");
        Assert.Empty(Logs());
    }

    [RootFact(ProductOnly = true)]
    public void People_get_a_table_with_bars()
    {
        scratch.Up();
        string table = scratch.Run("status", "MNT");
        Assert.Contains(scratch.MountPoint, table, StringComparison.Ordinal);
        Assert.Contains("░", table, StringComparison.Ordinal);
        Assert.Contains("serving", table, StringComparison.Ordinal);
    }

    [RootFact(ProductOnly = true)]
    public void The_server_needs_little_memory_beside_the_arena()
    {
        scratch.Up();
        for (int i = 0; i < 1000; i++) File.WriteAllText(Path.Combine(scratch.MountPoint, $"file-{i}"), "contents");
        string[] lines = File.ReadAllLines($"/proc/{Status("MNT").GetProperty("pid").GetInt32()}/status");
        long kibibytes = lines.Where(line => line.StartsWith("RssAnon:") || line.StartsWith("RssFile:"))
            .Sum(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]));
        Assert.InRange(kibibytes, 1, MemoryMaxInKibibytes);
    }

    /// <summary>The native program keeps to 64 MiB; hosted by the runtime, its compiler comes on top.</summary>
    private static long MemoryMaxInKibibytes =>
        File.Exists(Path.Combine(Path.GetDirectoryName(ProductBinary.Path)!, "persistfs.dll")) ? 160 * 1024 : 64 * 1024;

    /// <summary>Logs of servers of this test's mount point.</summary>
    private string[] Logs()
    {
        // Escaped, the name of the directory has other characters only where a dash was.
        string name = Path.GetFileName(Path.GetDirectoryName(scratch.MountPoint)!).Split('-')[^1];
        return [.. Directory.GetFiles("/run/persistfs", "*.log").Where(
            path => path.Contains(name, StringComparison.Ordinal))];
    }

    private JsonElement Status(string target)
    {
        using JsonDocument document = JsonDocument.Parse(scratch.Run("status", target, "--json"));
        return document.RootElement.Clone();
    }
}
