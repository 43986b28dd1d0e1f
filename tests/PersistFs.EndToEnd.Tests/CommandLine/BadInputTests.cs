namespace PersistFs.EndToEnd.Tests.CommandLine;

/// <summary>
/// Every mistake has an exit code, names the object and the next step on stderr, and changes nothing.
/// </summary>
public sealed class BadInputTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [RootFact(ProductOnly = true)]
    public void Usage_errors_are_64()
    {
        Refuses(64, "persistfs", "--help", "frobnicate");
        Refuses(64, "--arenas", "--help", "up", "MNT", "--arenas", "x");
        Refuses(64, "--size", "512M", "up", "MNT", "--size", "much");
        Refuses(64, "-o mode=9", "octal", "up", "MNT", "-o", "mode=9");
        Refuses(64, "too small", "16 MiB", "up", "MNT", "--arena", "ARENA", "--size", "1M");
        Refuses(64, "memfd:x/y", "letters", "up", "MNT", "--arena", "memfd:x/y");
        Assert.False(File.Exists(scratch.Arena));
    }

    [RootFact(ProductOnly = true)]
    public void A_mount_point_has_to_be_an_empty_directory_of_its_own()
    {
        string missing = scratch.At("missing"), file = scratch.At("file"), full = scratch.At("full");
        File.WriteAllText(file, "");
        Directory.CreateDirectory(Path.Combine(full, "inside"));
        Refuses(20, missing, "mkdir", "up", missing, "--arena", "ARENA");
        Refuses(20, file, "directory", "up", file, "--arena", "ARENA");
        Refuses(21, full, "nonempty", "up", full, "--arena", "ARENA");
        Refuses(21, "/proc", "umount", "up", "/proc", "--arena", "ARENA");
        Refuses(22, scratch.MountPoint, "status", "down", "MNT");
        Assert.False(File.Exists(scratch.Arena));
    }

    [RootFact(ProductOnly = true)]
    public void What_is_no_arena_is_left_as_it_is()
    {
        File.WriteAllText(scratch.Arena, "dear diary");
        Refuses(11, scratch.Arena, "format", "up", "MNT", "--arena", "ARENA");
        Refuses(11, scratch.Arena, "format", "status", "ARENA");
        Refuses(12, scratch.Arena, "--force", "format", "ARENA");
        Refuses(2, scratch.Arena, "format", "check", "ARENA");
        Refuses(11, scratch.Arena, "format", "dump", "ARENA");
        Refuses(10, "there is no directory", "mkdir", "up", "MNT", "--arena", scratch.At("no/where"));
        Refuses(10, "is a directory", "file", "up", "MNT", "--arena", scratch.At(""));
        Assert.Equal("dear diary", File.ReadAllText(scratch.Arena));
    }

    [RootFact(ProductOnly = true)]
    public void A_device_that_is_not_one_of_DAX_is_refused_and_left_as_it_is()
    {
        string pmem = scratch.At("pmem0");
        Tool.Run("mknod", pmem, "b", "7", "0");
        foreach (string[] verb in (string[][])[["up", "MNT", "--arena"], ["status"], ["dump"], ["format", "--force"]])
        {
            Refuses(10, "page cache", "devdax", [.. verb, pmem]);
            Refuses(10, "not one of DAX", "/dev/dax0.0", [.. verb, "/dev/null"]);
            Refuses(10, "/dev/dax99.7 does not exist", "memmap=", [.. verb, "/dev/dax99.7"]);
        }
        Refuses(2, "page cache", "devdax", "check", pmem);
    }

    [RootFact(ProductOnly = true)]
    public void An_arena_of_another_length_is_refused_and_left_as_it_is()
    {
        scratch.Run("format", "ARENA", "--size", "32M");
        long length = new FileInfo(scratch.Arena).Length;
        foreach (long changed in new[] { length - (2 << 20), length + (2 << 20), 8192 })
        {
            using (FileStream arena = File.OpenWrite(scratch.Arena)) arena.SetLength(changed);
            Refuses(14, scratch.Arena, "restore", "up", "MNT", "--arena", "ARENA");
            Assert.Equal(changed, new FileInfo(scratch.Arena).Length);
        }
    }

    [RootFact(ProductOnly = true)]
    public void Damage_of_one_superblock_is_survived_and_of_both_is_told()
    {
        scratch.Run("format", "ARENA", "--size", "32M");
        Flip(100);
        scratch.Up();
        scratch.Run("down", "MNT");
        Flip(0xFF000 + 100);
        Refuses(15, scratch.Arena, "restore", "up", "MNT", "--arena", "ARENA");
    }

    [RootFact(ProductOnly = true)]
    public void An_arena_in_use_is_refused_with_its_owner()
    {
        scratch.Up();
        string other = scratch.At("other");
        Directory.CreateDirectory(other);
        Refuses(16, scratch.MountPoint, "persistfs mount", "serve", other, "--arena", "ARENA");
        Refuses(2, "in use", "", "check", "ARENA");
        Refuses(64, "no /missing", "--path", "dump", "ARENA", "--path", "missing");
        Assert.Contains("in use by process", scratch.Run("dump", "ARENA"), StringComparison.Ordinal);
        Refuses(21, scratch.Arena, "down", "up", "MNT", "--arena", "ARENA");
    }

    [RootFact(ProductOnly = true)]
    public void A_mount_in_use_is_not_taken_away_and_its_users_are_named()
    {
        scratch.Up();
        using (System.Diagnostics.Process user = Tool.Start(scratch.MountPoint, "sleep", "1000"))
        {
            Refuses(21, $"{user.Id} (sleep)", "--lazy", "down", "MNT");
            user.Kill();
            user.WaitForExit();
        }
        scratch.Run("down", "MNT");
    }

    [RootFact(ProductOnly = true)]
    public void A_full_and_a_read_only_place_are_told_apart()
    {
        string place = scratch.At("place");
        Directory.CreateDirectory(place);
        Tool.Run("mount", "-t", "tmpfs", "-o", "size=20M", "test", place);
        try
        {
            string arena = Path.Combine(place, "arena");
            Refuses(17, arena, "room", "up", "MNT", "--arena", arena, "--size", "64M", "-o", "fixed");
            Assert.False(File.Exists(arena));
            Refuses(17, "larger than memory", "--size", "up", "MNT", "--arena", arena, "--size", "100T");
            Tool.Run("mount", "-o", "remount,ro", place);
            Refuses(77, "read-only", "writable", "up", "MNT", "--arena", arena, "--size", "64M");
        }
        finally
        {
            Tool.Run("umount", place);
        }
    }

    [RootFact(ProductOnly = true)]
    public void A_mistake_in_the_environment_names_the_variable()
    {
        ToolResult result = Tool.Try(
            "env", "PERSISTFS_WORKERS=many", ProductBinary.Path, "up", scratch.MountPoint, "--arena", scratch.Arena);
        Assert.Equal(78, result.ExitCode);
        Assert.Contains("PERSISTFS_WORKERS", result.Error, StringComparison.Ordinal);
    }

    private void Refuses(int exitCode, string named, string nextStep, params string[] arguments)
    {
        ToolResult result = scratch.Try(arguments);
        Assert.True(exitCode == result.ExitCode, $"{string.Join(' ', arguments)}: {result}");
        string[] lines = result.Error.TrimEnd().Split('\n');
        Assert.StartsWith("persistfs", lines[0], StringComparison.Ordinal);
        if (named != "persistfs") Assert.Contains(named, lines[0], StringComparison.Ordinal);
        Assert.StartsWith("  next: ", lines[^1], StringComparison.Ordinal);
        Assert.Contains(nextStep, lines[^1], StringComparison.Ordinal);
    }

    private void Flip(long position)
    {
        using FileStream arena = File.Open(scratch.Arena, FileMode.Open);
        arena.Position = position;
        int value = arena.ReadByte();
        arena.Position = position;
        arena.WriteByte((byte)(value ^ 0x40));
    }
}
