using System.Diagnostics;

namespace PersistFs.EndToEnd.Tests.Kexec;

/// <summary>Servers that come and go while the tree is frozen.</summary>
[Collection(TakeOver.TakeOverCollection.Name)]
public sealed class FrozenServerTests : IDisposable
{
    private readonly KexecTree tree = new();

    public FrozenServerTests() => tree.Up();

    public void Dispose() => tree.Dispose();

    [RootFact(ProductOnly = true)]
    public void The_successor_of_a_killed_one_is_frozen_and_who_waits_waits_there() => Replace(() =>
        MountedTree.KillAlone(tree.Server));

    [RootFact(ProductOnly = true)]
    public void An_upgrade_leaves_the_tree_frozen_and_who_waits_waits_there() => Replace(() =>
        tree.Run("upgrade", tree.Root));

    private void Replace(Action replace)
    {
        tree.Shell("mkdir $1/a $1/b; echo before >$1/a/file");
        tree.PrepareToImage();
        Process maker = tree.StartShell("mkdir $1/a/new && echo made");
        Process remover = tree.StartShell("mv $1/b $1/c && echo moved");
        tree.AwaitWaiting(2);
        for (int round = 0; round < 2; round++)
        {
            int server = tree.Server;
            replace();
            TakeOver.HeldTree.Await("another server", () => tree.Try("status", tree.Root).ExitCode == 0
                && tree.Server != server);
            tree.AwaitWaiting(2);
            Assert.Equal("before\n", tree.Shell("cat $1/a/file").Output);
            Assert.False(maker.HasExited || remover.HasExited);
        }
        ToolResult abort = tree.Abort();
        Assert.Contains("thawed", abort.Output, StringComparison.Ordinal);
        Assert.Equal("made\n", KexecTree.EndOf(maker));
        Assert.Equal("moved\n", KexecTree.EndOf(remover));
        Assert.Equal(0, tree.Shell("test -d $1/a/new -a -d $1/c -a ! -e $1/b").ExitCode);
        // Nothing is left of the freeze for the next one.
        int last = tree.Server;
        MountedTree.KillAlone(last);
        TakeOver.HeldTree.Await("another server", () => tree.Try("status", tree.Root).ExitCode == 0
            && tree.Server != last);
        Assert.False(tree.IsFrozen);
    }
}
