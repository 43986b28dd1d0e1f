using System.Diagnostics;

namespace PersistFs.EndToEnd.Tests.Images;

/// <summary>
/// What goes wrong with images: each has an exit code and a message, and leaves image and arena as they were.
/// </summary>
public sealed class BadImageTests : IDisposable
{
    private const int Kills = 8;
    private const int KilledExitCode = 137;

    private readonly ImageTree tree = new();

    public void Dispose() => tree.Dispose();

    [RootFact(ProductOnly = true)]
    public void What_is_no_whole_image_is_not_restored()
    {
        tree.Run("format", tree.Arena, "--size", "64M");
        Refuses(10, "does not exist", "persistfs save", "restore", tree.Image, tree.CopyArena);
        File.WriteAllText(tree.At("letter"), "dear diary");
        Refuses(18, "no image", "persistfs save", "restore", tree.At("letter"), tree.CopyArena);
        tree.Run("save", tree.Arena, tree.Image);
        byte[] image = File.ReadAllBytes(tree.Image);
        File.WriteAllBytes(tree.At("cut"), image.AsSpan(0, image.Length - 5000).ToArray());
        Refuses(19, "bytes", "another image", "restore", tree.At("cut"), tree.CopyArena);
        image[5000] ^= 0x10;
        File.WriteAllBytes(tree.At("flipped"), image);
        Refuses(19, "checksum", "another image", "restore", tree.At("flipped"), tree.CopyArena);
        Assert.False(File.Exists(tree.CopyArena) || File.Exists(tree.CopyArena + ".new"));
        Refuses(12, "not empty", "--force", "restore", tree.Image, tree.Arena);
        Refuses(12, "no image", "--force", "save", tree.Arena, tree.At("letter"));
        tree.Run("format", tree.CopyArena, "--size", "64M");
        Refuses(12, "another arena", "--force", "save", tree.CopyArena, tree.Image);
        Refuses(64, "neither a file", "file", "save", tree.Arena, "/dev/null");
        Refuses(10, "no such directory", "path", "save", tree.Arena, tree.At("no/where"));
    }

    [RootFact(ProductOnly = true)]
    public void A_mounted_arena_is_not_restored_over_whether_its_server_lives_or_not()
    {
        tree.Up();
        File.WriteAllText(Path.Combine(tree.Root, "file"), "contents");
        Refuses(64, "in the tree", "outside", "save", tree.Root, Path.Combine(tree.Root, "image"));
        tree.Run("save", tree.Root, tree.Image);
        Refuses(16, tree.Root, "persistfs down", "restore", tree.Image, tree.Arena, "--force");
        MountedTree.Kill(tree.Server);
        Refuses(16, tree.Root, "persistfs down", "restore", tree.Image, tree.Arena, "--force");
        Refuses(22, tree.Root, "persistfs up", "save", tree.Root, tree.Image);
        tree.Up();
        Assert.Equal("contents", File.ReadAllText(Path.Combine(tree.Root, "file")));
    }

    [RootFact(ProductOnly = true)]
    public void A_full_disk_leaves_the_image_and_the_arena_that_were_there()
    {
        tree.Up();
        string small = tree.At("small");
        Directory.CreateDirectory(small);
        Tool.Run("mount", "-t", "tmpfs", "-o", "size=8M", "small", small);
        try
        {
            string image = Path.Combine(small, "image"), arena = Path.Combine(small, "arena");
            tree.Run("save", tree.Root, image);
            byte[] before = File.ReadAllBytes(image);
            Tool.Bash(tree.Root, "head -c 30M /dev/urandom >large; sync large");
            Refuses(17, image, "room", "save", tree.Root, image);
            Assert.Equal(before, File.ReadAllBytes(image));
            tree.Run("save", tree.Root, tree.Image);
            Refuses(17, arena, "room", "restore", tree.Image, arena);
            Assert.Equal(image, Assert.Single(Directory.GetFiles(small)));
        }
        finally
        {
            Tool.Run("umount", "-l", small);
        }
    }

    [LoopFact]
    public void A_block_device_holds_an_image_where_it_is_large_enough_and_nothing_else_is_in_it()
    {
        tree.Up();
        Tool.Bash(tree.Root, "head -c 20M /dev/urandom >large; sync large");
        using var small = new LoopDevice(tree.At("small"), "4M");
        Refuses(17, small.Path, "larger device", "save", tree.Root, small.Path);
        // It was not even begun.
        Assert.False(File.ReadAllBytes(tree.At("small")).AsSpan().ContainsAnyExcept((byte)0));
        using var large = new LoopDevice(tree.At("large"), "64M");
        Tool.Bash("/", "printf something | dd of=$1 conv=notrunc status=none", large.Path);
        Refuses(12, large.Path, "--force", "save", tree.Root, large.Path);
        tree.Run("save", tree.Root, large.Path, "--force");
        tree.Run("save", tree.Root, large.Path);
        tree.Run("restore", large.Path, tree.CopyArena);
        Assert.Equal("", tree.Run("check", tree.CopyArena));
        // A device that a save did not finish holds no image any more, and takes the next one.
        Tool.Bash("/", "dd if=/dev/zero of=$1 bs=8 seek=511 count=1 conv=notrunc status=none", large.Path);
        Refuses(19, large.Path, "another image", "restore", large.Path, tree.CopyArena, "--force");
        tree.Run("save", tree.Root, large.Path);
        tree.Run("restore", large.Path, tree.CopyArena, "--force");
    }

    [RootFact(ProductOnly = true)]
    public void Saves_that_are_killed_leave_a_whole_image_and_the_server_goes_on()
    {
        tree.Up();
        Tool.Bash(tree.Root, "head -c 48M /dev/urandom >large; sync large");
        tree.Run("save", tree.Root, tree.Image);
        int server = tree.Server;
        int killed = KillMany(RestoreAndCheck, "save", tree.Root, tree.Image);
        Assert.Equal(server, tree.Server);
        Assert.True(killed > 0, "no save was killed in its midst");
        tree.Run("save", tree.Root, tree.Image);
        RestoreAndCheck();
        Assert.False(File.Exists(tree.Image + ".new"));
    }

    [RootFact(ProductOnly = true)]
    public void Restores_that_are_killed_leave_a_whole_arena()
    {
        tree.Up();
        Tool.Bash(tree.Root, "head -c 48M /dev/urandom >large; sync large");
        tree.Run("save", tree.Root, tree.Image);
        tree.Run("format", tree.CopyArena, "--size", "64M");
        int killed = KillMany(
            () => Assert.Equal("", tree.Run("check", tree.CopyArena)),
            "restore", tree.Image, tree.CopyArena, "--force");
        Assert.True(killed > 0, "no restore was killed in its midst");
        RestoreAndCheck();
        Assert.False(File.Exists(tree.CopyArena + ".new"));
    }

    private void RestoreAndCheck()
    {
        tree.Run("restore", tree.Image, tree.CopyArena, "--force");
        Assert.Equal("", tree.Run("check", tree.CopyArena));
    }

    /// <summary>Kills the verb at moments spread over its life, and looks each time at what it leaves.</summary>
    /// <returns>How often it was killed before its end.</returns>
    private int KillMany(Action look, params string[] verb)
    {
        Stopwatch whole = Stopwatch.StartNew();
        tree.Run(verb);
        TimeSpan length = whole.Elapsed;
        int killed = 0;
        for (int kill = 0; kill < Kills; kill++)
        {
            using Process process = Tool.Start("/", ProductBinary.Path, verb);
            Thread.Sleep(length * (kill + 0.5) / Kills);
            process.Kill();
            process.WaitForExit();
            if (process.ExitCode == KilledExitCode) killed++;
            look();
        }
        return killed;
    }

    private void Refuses(int exitCode, string says, string next, params string[] verb)
    {
        ToolResult result = tree.Try(verb);
        string[] lines = result.Error.TrimEnd().Split('\n');
        Assert.True(result.ExitCode == exitCode, $"{string.Join(' ', verb)}: {result}");
        Assert.Equal(2, lines.Length);
        Assert.Contains(says, lines[0], StringComparison.Ordinal);
        Assert.Contains(next, lines[1], StringComparison.Ordinal);
        Assert.StartsWith("  next: ", lines[1], StringComparison.Ordinal);
    }

    /// <summary>A block device over a file.</summary>
    private sealed class LoopDevice : IDisposable
    {
        public LoopDevice(string file, string size)
        {
            Tool.Run("truncate", "-s", size, file);
            Path = Tool.Run("losetup", "--find", "--show", file).Trim();
        }

        public string Path { get; }

        public void Dispose() => Tool.Run("losetup", "--detach", Path);
    }
}
