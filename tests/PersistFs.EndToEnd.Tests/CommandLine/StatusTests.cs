using System.Text.Json;
using PersistFs.Testing.EndToEnd;

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
        Assert.InRange(status.GetProperty("bytesUsed").GetUInt64(), 1UL << 20, status.GetProperty("bytesMax").GetUInt64());
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

    private JsonElement Status(string target)
    {
        using JsonDocument document = JsonDocument.Parse(scratch.Run("status", target, "--json"));
        return document.RootElement.Clone();
    }
}
