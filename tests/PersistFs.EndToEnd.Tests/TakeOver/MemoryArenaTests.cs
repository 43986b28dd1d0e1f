using System.Text.Json;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>Arenas in memory, which only the holder has: through deaths, upgrades, unmounting, and given up.</summary>
[Collection(TakeOverCollection.Name)]
public sealed class MemoryArenaTests : IDisposable
{
    private const int KillsMin = 15;

    private readonly string name = $"memfd:test-{Guid.NewGuid():n}"[..24];
    private readonly HeldTree tree;

    public MemoryArenaTests() => tree = new HeldTree(name);

    private int Segments => tree.Status().GetProperty("live").GetProperty("segments").GetInt32();

    public void Dispose() => tree.Dispose();

    [RootFact(ProductOnly = true)]
    public void It_outlives_kills_upgrades_and_growth_between_them()
    {
        Up();
        byte[] contents = new byte[4 << 20];
        new Random(7).NextBytes(contents);
        for (int round = 0; round < 6; round++)
        {
            using (Descriptor file = Descriptor.Create(tree.At($"file{round}")))
            {
                for (int part = 0; part < 4; part++) file.WriteAt(part * contents.Length, contents);
                Succeeds(Syscall.fsync(file.Number));
            }
            int server = tree.Server;
            if (round % 2 == 0) MountedTree.KillAlone(server);
            else tree.Run("upgrade", tree.Root);
            tree.AwaitSuccessor(server);
        }
        Assert.True(Segments >= 6, $"{Segments} segments");
        for (int round = 0; round < 6; round++)
        {
            byte[] found = File.ReadAllBytes(tree.At($"file{round}"));
            Assert.Equal(4 * contents.Length, found.Length);
            Assert.True(found.AsSpan(0, contents.Length).SequenceEqual(contents));
        }
        Assert.Equal("memfd", tree.Status().GetProperty("backing").GetString());
    }

    [RootFact(ProductOnly = true)]
    public void It_stays_with_its_keeper_when_it_is_unmounted_and_up_goes_on_with_it()
    {
        Up();
        File.WriteAllText(tree.At("file"), "contents");
        int keeper = MountedTree.KeeperOf(tree.Server);
        string told = tree.Run("down", tree.Root);
        Assert.Contains($"{name} stays in memory, kept by process {keeper}", told, StringComparison.Ordinal);
        Assert.True(MountedTree.IsRunning(keeper));
        Assert.Equal(0, tree.Try("check", name).ExitCode);
        Assert.Contains("segments of", tree.Run("dump", name), StringComparison.Ordinal);
        using (JsonDocument status = JsonDocument.Parse(tree.Run("status", name, "--json")))
            Assert.Equal("offline", status.RootElement.GetProperty("state").GetString());
        Up();
        Assert.Equal(keeper, MountedTree.KeeperOf(tree.Server));
        Assert.Equal("contents", File.ReadAllText(tree.At("file")));
        Tool.Run("umount", tree.Root);
        Up();
        Assert.Equal("contents", File.ReadAllText(tree.At("file")));
        Succeeds(Syscall.kill(keeper, Signum.SIGTERM));
        HeldTree.Await("unmounted tree", () => !File.Exists(tree.At("file")));
        Assert.True(MountedTree.IsRunning(keeper));
        Up();
        Assert.Equal("contents", File.ReadAllText(tree.At("file")));
        tree.Run("down", "--discard", tree.Root);
        Assert.False(MountedTree.IsRunning(keeper));
        Up();
        Assert.False(File.Exists(tree.At("file")));
    }

    [RootFact(ProductOnly = true)]
    public void It_is_not_given_up_unless_that_is_asked_for()
    {
        Up();
        int server = tree.Server;
        MountedTree.KillAlone(MountedTree.KeeperOf(server));
        HeldTree.Await("server without a holder", () => tree.Holder == "none");
        ToolResult down = tree.Try("down", tree.Root);
        Assert.Equal(29, down.ExitCode);
        Assert.Contains("nobody would keep", down.Error, StringComparison.Ordinal);
        Assert.Contains("--discard", down.Error, StringComparison.Ordinal);
        tree.Run("down", "--discard", tree.Root);
        Assert.False(MountedTree.IsRunning(server));
        Assert.Equal(10, tree.Try("dump", name).ExitCode);
    }

    [RootFact(ProductOnly = true)]
    public void Mistakes_are_told_and_harm_nothing()
    {
        ToolResult alone = tree.Try("serve", tree.Root, "--arena", name);
        Assert.Equal(28, alone.ExitCode);
        Assert.Contains("nobody would hold", alone.Error, StringComparison.Ordinal);
        Assert.Equal(64, tree.Try("up", tree.Root, "--arena", "memfd:").ExitCode);
        Assert.Equal(64, tree.Try("up", tree.Root, "--arena", "memfd:a/b").ExitCode);
        Assert.Equal(64, tree.Try("up", tree.Root, "--arena", "memfd:a,b").ExitCode);
        Assert.Equal(64, tree.Try("format", name).ExitCode);
        Up();
        File.WriteAllText(tree.At("file"), "contents");
        using (var other = new HeldTree(name))
        {
            Assert.Equal(2, tree.Try("check", name).ExitCode);
            tree.Run("down", tree.Root);
            ToolResult elsewhere = other.Try("up", other.Root, "--arena", name, "--size", "64M");
            Assert.Equal(16, elsewhere.ExitCode);
            Assert.Contains("kept in memory for another mount point", elsewhere.Error, StringComparison.Ordinal);
        }
        ToolResult wrong = tree.Try("up", tree.Root, "--arena", name + "x");
        Assert.Equal(10, wrong.ExitCode);
        Assert.Contains(name, wrong.Error, StringComparison.Ordinal);
        ToolResult path = tree.Try("up", tree.Root, "--arena", tree.Beside("arena"));
        Assert.Equal(16, path.ExitCode);
        Up();
        Assert.Equal("contents", File.ReadAllText(tree.At("file")));
    }

    [RootFact(ProductOnly = true)]
    public void An_image_is_saved_of_it_with_a_server_and_without_and_restored_to_a_file()
    {
        Up();
        File.WriteAllText(tree.At("file"), "contents");
        string image = tree.Beside("image"), copy = tree.Beside("copy");
        tree.Run("save", name, image);
        tree.Run("down", tree.Root);
        tree.Run("save", name, image);
        // To save it takes nothing away from it.
        Assert.Equal(0, tree.Try("check", name).ExitCode);
        tree.Run("restore", image, copy);
        Assert.Equal(0, tree.Try("check", copy).ExitCode);
        tree.Run("down", "--discard", tree.Root);
        ToolResult gone = tree.Try("save", name, image);
        Assert.Equal(10, gone.ExitCode);
        Assert.Contains("no supervisor", gone.Error, StringComparison.Ordinal);
        ToolResult memory = tree.Try("restore", image, name);
        Assert.Equal(64, memory.ExitCode);
        Assert.Contains("memory that nobody keeps", memory.Error, StringComparison.Ordinal);
        Assert.Contains("persistfs up MNT --arena FILE", memory.Error, StringComparison.Ordinal);
        tree.Run("up", tree.Root, "--arena", copy);
        Assert.Equal("contents", File.ReadAllText(tree.At("file")));
        tree.Run("down", tree.Root);
        Assert.Equal(0, tree.Try("check", copy).ExitCode);
    }

    [RootFact(ProductOnly = true)]
    public void Where_it_was_to_come_from_the_last_kernel_and_did_not_that_is_told()
    {
        string made = Up();
        Assert.Contains($"arena {name}: nobody had one of that name; a new, empty one was made", made,
            StringComparison.Ordinal);
        Assert.DoesNotContain("lost", made, StringComparison.Ordinal);
        tree.Run("down", "--discard", tree.Root);
        string records = tree.Beside("records");
        Directory.CreateDirectory(records);
        string record = Path.Combine(records, tree.Root.Trim('/').Replace("-", @"\x2d", StringComparison.Ordinal)
            .Replace('/', '-') + ".json");
        File.WriteAllText(record, $$"""
            {"mountPoint":"{{tree.Root}}","arena":"{{name}}","uuid":"{{Guid.NewGuid()}}","route":"LiveUpdate",
             "settings":{"size":"256M"},"bootId":"{{Guid.NewGuid()}}"}
            """);
        ToolResult finish = Tool.Try(
            "env", $"PERSISTFS_STATE_DIR={records}", ProductBinary.Path, "kexec", "finish", tree.Root);
        Assert.True(finish.ExitCode == 41, finish.ToString());
        Assert.Contains($"{name}: what it held is lost", finish.Error, StringComparison.Ordinal);
        Assert.Equal(22, tree.Try("status", tree.Root).ExitCode);
        Assert.True(File.Exists(record));
        string up = Tool.Run("env", $"PERSISTFS_STATE_DIR={records}", ProductBinary.Path, "up", tree.Root,
            "--arena", name, "--size", "256M");
        Assert.Contains($"{name}: what it held under the last kernel is lost", up, StringComparison.Ordinal);
    }

    [RootFact(ProductOnly = true)]
    public void Status_and_doctor_tell_who_keeps_it_and_whether_the_next_kernel_gets_it()
    {
        Up();
        string reason = tree.Status().GetProperty("live").GetProperty("reason").GetString() ?? "";
        Assert.Contains("next kernel", tree.Run("status", tree.Root), StringComparison.Ordinal);
        string doctor = tree.Try("doctor", tree.Root).Output;
        Assert.Contains($"by the supervisor, process {MountedTree.KeeperOf(tree.Server)}, also when", doctor,
            StringComparison.Ordinal);
        Assert.Contains("the arena lies in memory", doctor, StringComparison.Ordinal);
        Assert.DoesNotContain("on a disk", doctor, StringComparison.Ordinal);
        if (reason.Length > 0) Assert.Contains("persistfs save", doctor, StringComparison.Ordinal);
    }

    [RootFact(ProductOnly = true)]
    public void Clients_of_all_kinds_notice_no_death_of_its_servers()
    {
        Up("384M");
        Directory.CreateDirectory(tree.At("storm"));
        using (var load = new TakeoverStressLoad(tree.At("storm"), seed: 31))
        {
            var killer = new TakeoverStressKiller(MountedTree.KeeperOf(tree.Server), new Random(31), load);
            while (killer.Kills < KillsMin)
            {
                killer.Strike();
                load.AssertGoesOn();
            }
            load.End();
        }
    }

    private string Up(string size = "256M") => tree.Run("up", tree.Root, "--arena", name, "--size", size);
}
