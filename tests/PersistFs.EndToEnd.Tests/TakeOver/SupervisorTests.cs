using System.Text;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>The keeper: it holds the connection, starts the server again, and ends when it should.</summary>
[Collection(TakeOverCollection.Name)]
public sealed class SupervisorTests : IDisposable
{
    private readonly HeldTree tree = new();

    public void Dispose() => tree.Dispose();

    [RootFact(ProductOnly = true)]
    public void A_killed_server_is_replaced_and_open_files_go_on()
    {
        tree.Up();
        using Descriptor named = Descriptor.Create(tree.At("named"));
        using Descriptor nameless = Descriptor.Create(tree.At("nameless"));
        named.WriteAt(0, "before"u8);
        nameless.WriteAt(0, "kept"u8);
        Succeeds(Syscall.unlink(tree.At("nameless")));
        int server = tree.Server;
        for (int i = 1; i <= 5; i++)
        {
            MountedTree.KillAlone(server);
            named.WriteAt(i * 10, Encoding.ASCII.GetBytes($"kill {i}"));
            Succeeds(Syscall.fsync(named.Number));
            Assert.Equal("kept"u8.ToArray(), nameless.ReadAt(0, 100));
            server = tree.AwaitSuccessor(server);
            Assert.Equal((ulong)i, tree.Status().GetProperty("takeovers").GetUInt64());
        }
        Assert.StartsWith("before", File.ReadAllText(tree.At("named")), StringComparison.Ordinal);
        Assert.Equal("keeper", tree.Holder);
        Assert.Equal("writeback", tree.Status().GetProperty("cacheMode").GetString());
    }

    [RootFact(ProductOnly = true)]
    public void A_killed_keeper_leaves_a_server_that_goes_on_and_with_both_gone_up_recovers_the_tree()
    {
        tree.Up();
        int server = tree.Server;
        MountedTree.KillAlone(MountedTree.KeeperOf(server));
        HeldTree.Await("server without a holder", () => tree.Holder == "none");
        File.WriteAllText(tree.At("file"), "contents");
        ToolResult upgrade = tree.Try("upgrade", tree.Root);
        Assert.Equal(28, upgrade.ExitCode);
        Assert.Contains("no supervisor", upgrade.Error, StringComparison.Ordinal);
        using (Descriptor file = Descriptor.Open(tree.At("file"), OpenFlags.O_RDWR))
        {
            Succeeds(Syscall.fsync(file.Number));
        }
        MountedTree.KillAlone(server);
        Assert.Throws<IOException>(() => File.ReadAllText(tree.At("file")));
        tree.Up();
        Assert.Equal("contents", File.ReadAllText(tree.At("file")));
        Assert.Equal("keeper", tree.Holder);
    }

    [RootFact(ProductOnly = true)]
    public void A_keeper_that_is_told_to_end_has_its_server_unmount()
    {
        tree.Up();
        int server = tree.Server, keeper = MountedTree.KeeperOf(server);
        Succeeds(Syscall.kill(keeper, Signum.SIGTERM));
        HeldTree.Await("end", () => !MountedTree.IsRunning(keeper) && !MountedTree.IsRunning(server));
        Assert.DoesNotContain(tree.Root, File.ReadAllText("/proc/mounts"), StringComparison.Ordinal);
        tree.Up();
    }

    [RootFact(ProductOnly = true)]
    public void A_server_that_cannot_be_mended_by_another_start_ends_its_keeper_and_up_goes_on_later()
    {
        tree.Up();
        File.WriteAllText(tree.At("file"), "contents");
        int server = tree.Server, keeper = MountedTree.KeeperOf(server);
        File.Move(tree.Arena, tree.Arena + ".away");
        MountedTree.KillAlone(server);
        HeldTree.Await("end of the keeper", () => !MountedTree.IsRunning(keeper));
        File.Move(tree.Arena + ".away", tree.Arena);
        tree.Up();
        Assert.True(File.Exists(tree.At("file")));
    }

    [RootFact(ProductOnly = true)]
    public void Servers_that_all_die_at_once_are_given_up_after_eight_and_up_goes_on_later()
    {
        string program = tree.Beside("program");
        File.CreateSymbolicLink(program, ProductBinary.Path);
        string starts = tree.Beside("starts");
        tree.Up();
        using (Descriptor file = Descriptor.Create(tree.At("file"))) Succeeds(Syscall.fsync(file.Number));
        // The keeper starts what an upgrade has put in the place of the old program.
        string dying = tree.Script(
            "dying", $"[ $1 != keep ] && [ -e {starts} ] && echo >>{starts} && kill -9 $$\nexec {program} \"$@\"\n");
        tree.Run("upgrade", tree.Root, "--exec", dying);
        int server = tree.Server, keeper = MountedTree.KeeperOf(server);
        File.WriteAllText(starts, "");
        MountedTree.KillAlone(server);
        HeldTree.Await("end of the keeper", () => !MountedTree.IsRunning(keeper));
        Assert.Equal(8, File.ReadAllLines(starts).Length);
        Assert.Throws<IOException>(() => File.ReadAllText(tree.At("file")));
        tree.Up();
        Assert.True(File.Exists(tree.At("file")));
    }

    [RootFact(ProductOnly = true)]
    public void A_keeper_goes_on_as_the_program_of_an_upgrade_in_the_same_process()
    {
        tree.Up();
        string next = NextProgram();
        using Client client = new(tree.At("client"));
        using Descriptor held = Descriptor.Create(tree.At("held"));
        held.WriteAt(0, "kept"u8);
        int server = tree.Server, keeper = MountedTree.KeeperOf(server);
        foreach (string program in (string[])[next, ProductBinary.Path, next])
        {
            tree.Run("upgrade", tree.Root, "--exec", program);
            AwaitProgram(keeper, program);
            server = tree.Server;
            MountedTree.KillAlone(server);
            server = tree.AwaitSuccessor(server);
            Assert.Equal((keeper, "keeper"), (MountedTree.KeeperOf(server), tree.Holder));
            AwaitProgram(server, program);
            tree.Run("upgrade", tree.Root);
            Assert.Equal("kept"u8.ToArray(), held.ReadAt(0, 100));
        }
        client.End();
        // Of another keeper for the same mount point the lock says that there is one.
        Assert.Equal(21, tree.Try("up", tree.Root, "--arena", tree.Arena, "--size", "64M").ExitCode);
        server = tree.Server;
        held.Dispose();
        Succeeds(Syscall.kill(keeper, Signum.SIGTERM));
        HeldTree.Await("end", () => !MountedTree.IsRunning(keeper) && !MountedTree.IsRunning(server));
        Assert.DoesNotContain(tree.Root, File.ReadAllText("/proc/mounts"), StringComparison.Ordinal);
        tree.Up();
    }

    /// <summary>The program under test in another place.</summary>
    private string NextProgram()
    {
        string place = tree.Beside("next");
        Tool.Bash("/", "mkdir $2; find -L $1 -maxdepth 1 -type f ! -name '*.dbg' -exec cp -L -t $2 {} +",
            Path.GetDirectoryName(ProductBinary.Path)!, place);
        return Path.Combine(place, "persistfs");
    }

    private static void AwaitProgram(int process, string program)
    {
        string wanted = new FileInfo(program).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? program;
        HeldTree.Await(wanted, () => new FileInfo($"/proc/{process}/exe").LinkTarget == wanted);
    }

    [RootFact(ProductOnly = true)]
    public void A_keeper_takes_little_memory()
    {
        tree.Up();
        string[] lines = File.ReadAllLines($"/proc/{MountedTree.KeeperOf(tree.Server)}/status");
        string[] resident = lines.First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        // Hosted by the runtime, its compiler comes on top.
        bool isHosted = File.Exists(Path.Combine(Path.GetDirectoryName(ProductBinary.Path)!, "persistfs.dll"));
        Assert.InRange(int.Parse(resident[1]), 1, isHosted ? 128 * 1024 : 12 * 1024);
    }

    [RootFact(ProductOnly = true)]
    public void Of_two_that_start_at_once_one_serves_and_the_other_says_so()
    {
        string[] up = ["up", tree.Root, "--arena", tree.Arena, "--size", "64M"];
        Task<ToolResult>[] both = [Task.Run(() => tree.Try(up)), Task.Run(() => tree.Try(up))];
        ToolResult[] results = [both[0].GetAwaiter().GetResult(), both[1].GetAwaiter().GetResult()];
        Assert.Equal([0, 21], results.Select(result => result.ExitCode).Order());
        Assert.Contains("busy", results.Single(result => result.ExitCode != 0).Error, StringComparison.Ordinal);
        File.WriteAllText(tree.At("file"), "served");
    }
}
