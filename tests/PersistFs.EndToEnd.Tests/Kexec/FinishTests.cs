namespace PersistFs.EndToEnd.Tests.Kexec;

/// <summary>`kexec finish`, with records as another kernel would find them.</summary>
[Collection(TakeOver.TakeOverCollection.Name)]
public sealed class FinishTests
{
    private const int NotReturned = 41;

    [RootTheory(ProductOnly = true)]
    [InlineData(false)]
    [InlineData(true)]
    public void A_tree_comes_back_from_its_image_or_from_its_disk(bool isOnDisk)
    {
        using KexecTree tree = OfEndedKernel(isOnDisk);
        if (!isOnDisk) File.Delete(tree.Arena);
        ToolResult finish = tree.Finish();
        Assert.True(finish.ExitCode == 0, finish.ToString());
        Assert.Contains("mounted", finish.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("is lost", finish.Output, StringComparison.Ordinal);
        Assert.Equal("contents\n", tree.Shell("cat $1/file").Output);
        Assert.False(tree.IsFrozen);
        Assert.Empty(Directory.GetFiles(tree.Records));
    }

    [RootFact(ProductOnly = true)]
    public void A_tree_in_memory_that_no_kernel_hands_on_comes_back_as_a_file()
    {
        using KexecTree tree = new();
        tree.Run("up", tree.Root, "--arena", $"memfd:{Guid.NewGuid():n}", "--size", "64M");
        tree.Shell("echo contents >$1/file");
        ToolResult prepare = tree.Prepare("--image", tree.Image);
        Assert.True(prepare.ExitCode == 0, prepare.ToString());
        tree.ChangeRecord("bootId", Guid.NewGuid().ToString());
        tree.Run("down", tree.Root, "--discard");
        ToolResult finish = tree.Finish();
        Assert.True(finish.ExitCode == 0, finish.ToString());
        string arena = tree.Status()["arena"]!.GetValue<string>();
        try
        {
            Assert.Contains($"ended with the last kernel; the tree lies in {arena} now",
                finish.Output, StringComparison.Ordinal);
            Assert.Equal("contents\n", tree.Shell("cat $1/file").Output);
            tree.Run("down", tree.Root);
            tree.Run("check", arena);
        }
        finally
        {
            File.Delete(arena);
            // A tmpfs that was mounted for it.
            Tool.Try("umount", Path.GetDirectoryName(arena)!);
        }
    }

    [RootFact(ProductOnly = true)]
    public void An_image_of_a_freeze_that_was_over_before_the_kexec_is_restored_and_that_is_told()
    {
        using KexecTree tree = OfEndedKernel(isOnDisk: false);
        File.Delete(tree.Arena);
        tree.ChangeRecord("frozenUntil", "2020-02-29T12:00:00+00:00");
        ToolResult finish = tree.Finish();
        Assert.True(finish.ExitCode == 0, finish.ToString());
        Assert.Contains("the freeze for it was over at 2020-02-29 12:00:00Z, and this kernel began at ",
            finish.Output, StringComparison.Ordinal);
        Assert.Contains("what was changed between the two is lost", finish.Output, StringComparison.Ordinal);
        Assert.Equal("contents\n", tree.Shell("cat $1/file").Output);
    }

    [RootTheory(ProductOnly = true)]
    [InlineData(false)]
    [InlineData(true)]
    public void Another_arena_in_its_place_is_told_and_left_alone(bool isOnDisk)
    {
        using KexecTree tree = OfEndedKernel(isOnDisk);
        File.Delete(tree.Arena);
        tree.Run("format", tree.Arena, "--size", "64M");
        IsToldAndKept(tree, "another arena is");
        Assert.NotEqual(0, tree.Shell("test -e $1/file").ExitCode);
    }

    [RootTheory(ProductOnly = true)]
    [InlineData(false)]
    [InlineData(true)]
    public void An_arena_or_an_image_that_is_not_there_is_told(bool isOnDisk)
    {
        using KexecTree tree = OfEndedKernel(isOnDisk);
        File.Delete(tree.Arena);
        if (!isOnDisk) File.Delete(tree.Image);
        IsToldAndKept(tree, isOnDisk ? tree.Arena : tree.Image);
    }

    [RootFact(ProductOnly = true)]
    public void A_record_that_says_nothing_is_told_and_one_that_is_missing_too()
    {
        using KexecTree tree = new();
        tree.Up();
        ToolResult absent = tree.Finish();
        Assert.Equal(NotReturned, absent.ExitCode);
        Assert.Contains("nothing says that a tree was mounted there", absent.Error, StringComparison.Ordinal);
        ToolResult nothing = tree.Try("kexec", "finish");
        Assert.Equal(0, nothing.ExitCode);
        Assert.Contains("nothing was made ready", nothing.Output, StringComparison.Ordinal);
        tree.PrepareToImage();
        string record = tree.Record, whole = File.ReadAllText(record);
        string[] broken =
        [
            whole[..(whole.Length / 2)], "", "null", "[]", "{}", "\0\0\0\0", whole.Replace("Image", "Teleport",
                StringComparison.Ordinal), whole.Replace($"\"{tree.Arena}\"", "null", StringComparison.Ordinal),
        ];
        foreach (string text in broken)
        {
            File.WriteAllText(record, text);
            foreach (ToolResult finish in (ToolResult[])[tree.Finish(), tree.Try("kexec", "finish")])
            {
                Assert.True(finish.ExitCode == NotReturned, $"{text}: {finish}");
                Assert.Contains(record, finish.Error, StringComparison.Ordinal);
                Assert.Contains("  next: ", finish.Error, StringComparison.Ordinal);
            }
            Assert.True(File.Exists(record));
        }
        Assert.True(tree.IsFrozen);
        Assert.Equal(0, tree.Abort().ExitCode);
        Assert.False(File.Exists(record));
    }

    [RootFact(ProductOnly = true)]
    public void On_a_disk_changes_wait_and_go_on_as_elsewhere()
    {
        using KexecTree tree = new(isOnDisk: true);
        tree.Up();
        tree.Shell("echo contents >$1/file");
        ToolResult prepare = tree.Prepare();
        Assert.True(prepare.ExitCode == 0, prepare.ToString());
        Assert.Contains($"{tree.Arena} is a file on a disk", prepare.Output, StringComparison.Ordinal);
        System.Diagnostics.Process writer = tree.StartShell("mkdir $1/new && echo done");
        tree.AwaitWaiting(1);
        // What is on the disk now is whole, and has what was written.
        Tool.Run("cp", "--sparse=always", tree.Arena, tree.CopyArena);
        Assert.Equal(0, tree.Abort().ExitCode);
        Assert.Equal("done\n", KexecTree.EndOf(writer));
        tree.Run("up", tree.CopyRoot, "--arena", tree.CopyArena);
        Assert.Equal("contents\n", tree.Shell($"cat {tree.CopyRoot}/file").Output);
        Assert.NotEqual(0, tree.Shell($"test -e {tree.CopyRoot}/new").ExitCode);
    }

    /// <summary>The tree is not taken up, for a cause that is told with a next step, and its record stays.</summary>
    private static void IsToldAndKept(KexecTree tree, string cause)
    {
        ToolResult finish = tree.Finish();
        Assert.True(finish.ExitCode == NotReturned, finish.ToString());
        Assert.Contains(cause, finish.Error, StringComparison.Ordinal);
        Assert.Contains("  next: ", finish.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(tree.Record));
    }

    /// <summary>A tree that was made ready under a kernel that is no more.</summary>
    private static KexecTree OfEndedKernel(bool isOnDisk)
    {
        KexecTree tree = new(isOnDisk);
        tree.Up();
        tree.Shell("echo contents >$1/file");
        ToolResult prepare = isOnDisk ? tree.Prepare() : tree.Prepare("--image", tree.Image);
        Assert.True(prepare.ExitCode == 0, prepare.ToString());
        tree.ChangeRecord("bootId", Guid.NewGuid().ToString());
        tree.Run("down", tree.Root);
        return tree;
    }
}
