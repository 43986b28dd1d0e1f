using System.Diagnostics;
using System.Globalization;

namespace PersistFs.EndToEnd.Tests.Kexec;

/// <summary>`kexec prepare` and what ends it, as clients of the tree see it.</summary>
[Collection(TakeOver.TakeOverCollection.Name)]
public sealed class PrepareTests : IDisposable
{
    private const int NothingSurvives = 40;
    private const string Busy = "Device or resource busy";

    private readonly KexecTree tree = new();

    public PrepareTests() => tree.Up();

    public void Dispose() => tree.Dispose();

    [RootFact(ProductOnly = true)]
    public void Who_reads_is_served_and_who_writes_goes_on_with_the_abort()
    {
        tree.Shell("mkdir $1/d; echo before >$1/d/file");
        string told = tree.PrepareToImage();
        Assert.Contains($"it is saved to {tree.Image}", told, StringComparison.Ordinal);
        Assert.Contains("survives    every call that has returned", told, StringComparison.Ordinal);
        Assert.True(tree.IsFrozen);
        Process writer = tree.StartShell("echo new >$1/d/new && mv $1/d/file $1/d/moved && echo done");
        tree.AwaitWaiting(1);
        Assert.Equal("before\n", tree.Shell("cat $1/d/file").Output);
        Assert.False(writer.HasExited);
        Assert.Contains("thawed", tree.Abort().Output, StringComparison.Ordinal);
        Assert.Equal("done\n", KexecTree.EndOf(writer));
        Assert.Equal("new\nbefore\n", tree.Shell("cat $1/d/new $1/d/moved").Output);
        tree.ServeCopy();
        Assert.Equal("before\n", tree.Shell($"cd {tree.CopyRoot}/d; cat *").Output);
        ToolResult again = tree.Abort();
        Assert.Equal(0, again.ExitCode);
        Assert.Contains("was not frozen", again.Output, StringComparison.Ordinal);
    }

    [RootFact(ProductOnly = true)]
    public void Who_waits_too_long_gets_busy_and_never_an_input_output_error()
    {
        tree.Shell("mkdir $1/d; echo before >$1/d/file");
        tree.PrepareToImage("--wait", "300ms");
        string[] changes =
        [
            "mkdir $1/d/new", "mv $1/d/file $1/d/other", "rm -f $1/d/file", "chmod 600 $1/d/file",
            "ln $1/d/file $1/d/link", "truncate -s 1 $1/d/file", "mkfifo $1/d/pipe", "ln -s x $1/d/symbolic",
        ];
        foreach (string change in changes)
        {
            ToolResult refused = tree.Shell(change);
            Assert.NotEqual(0, refused.ExitCode);
            Assert.Contains(Busy, refused.Error, StringComparison.Ordinal);
        }
        Assert.Equal("before\n", tree.Shell("cat $1/d/file; ls $1/d | grep -v file").Output);
        Assert.True(tree.Status()["freeze"]!["refused"]!.GetValue<int>() >= changes.Length);
        Assert.Equal(0, tree.Abort().ExitCode);
        Assert.Equal(0, tree.Shell("mkdir $1/d/new && mv $1/d/file $1/d/other").ExitCode);
    }

    [RootFact(ProductOnly = true)]
    public void When_the_window_is_over_changes_go_on()
    {
        tree.PrepareToImage("--window", "4s");
        Process writer = tree.StartShell("mkdir $1/new && echo done");
        Assert.Equal("done\n", KexecTree.EndOf(writer));
        Assert.False(tree.IsFrozen);
    }

    [RootFact(ProductOnly = true)]
    public void Finish_without_a_kexec_lets_changes_go_on()
    {
        tree.PrepareToImage();
        Process writer = tree.StartShell("mkdir $1/new && echo done");
        tree.AwaitWaiting(1);
        ToolResult finish = tree.Finish();
        Assert.True(finish.ExitCode == 0, finish.ToString());
        Assert.Contains("no kexec has happened since it was made ready: it is thawed", finish.Output,
            StringComparison.Ordinal);
        Assert.Equal("done\n", KexecTree.EndOf(writer));
        Assert.Empty(Directory.GetFiles(tree.Records));
        ToolResult again = tree.Finish();
        Assert.Equal(41, again.ExitCode);
        Assert.Contains("nothing says that a tree was mounted there", again.Error, StringComparison.Ordinal);
    }

    [RootFact(ProductOnly = true)]
    public void What_lies_in_the_page_cache_is_brought_into_the_image()
    {
        tree.Shell("head -c 65536 /dev/zero >$1/stored; echo gone >$1/unnamed; echo one >$1/open");
        // Written last and synchronised by nobody: through an open file, a file without a name, and a closed one.
        Process writer = tree.StartShell("""
            exec 3>>$1/open 4<>$1/unnamed
            rm $1/unnamed
            echo two >&3; echo kept >&4
            dd if=/dev/urandom of=$1/large bs=64k count=64 status=none
            touch $1/ready
            read wait
            echo three >&3; cat /proc/self/fd/4
            """);
        TakeOver.HeldTree.Await("written files", () => tree.Shell("test -e $1/ready").ExitCode == 0);
        using (Descriptor stored = Descriptor.Open(tree.At("stored"), OpenFlags.O_RDWR))
        {
            nint address = Syscall.mmap(0, 65536, MmapProts.PROT_READ | MmapProts.PROT_WRITE, MmapFlags.MAP_SHARED,
                stored.Number, 0);
            Assert.NotEqual(-1, address);
            System.Runtime.InteropServices.Marshal.WriteInt32(address + 4096, 0x41424344);
            string told = tree.PrepareToImage();
            string[] words = told.Split("flushed     ")[1].Split(' ');
            Assert.InRange(int.Parse(words[0], CultureInfo.InvariantCulture), 0,
                int.Parse(words[3], CultureInfo.InvariantCulture));
            Succeeds(Syscall.munmap(address, 65536));
            // The close of what it holds open would wait otherwise.
            tree.Abort();
        }
        string sums = tree.Shell("cd $1; sha256sum stored large open").Output;
        tree.ServeCopy();
        Assert.Equal(sums, tree.Shell($"cd {tree.CopyRoot}; sha256sum stored large open").Output);
        Assert.Equal("one\ntwo\n", tree.Shell($"cat {tree.CopyRoot}/open").Output);
        Assert.Equal("DCBA", tree.Shell($"dd if={tree.CopyRoot}/stored bs=4096 skip=1 status=none | head -c 4").Output);
        Assert.NotEqual(0, tree.Shell($"test -e {tree.CopyRoot}/unnamed").ExitCode);
        writer.StandardInput.Close();
        _ = writer.WaitForExit(TimeSpan.FromSeconds(10));
        Assert.Equal("kept\n", writer.StandardOutput.ReadToEnd());
        Assert.Equal("one\ntwo\nthree\n", tree.Shell("cat $1/open").Output);
    }

    [RootFact(ProductOnly = true)]
    public void Where_nothing_would_survive_nothing_is_frozen()
    {
        ToolResult refused = tree.Prepare();
        Assert.Equal(NothingSurvives, refused.ExitCode);
        Assert.Contains("nothing would survive", refused.Error, StringComparison.Ordinal);
        Assert.Contains("--image FILE", refused.Error, StringComparison.Ordinal);
        Assert.False(tree.IsFrozen);
        Assert.False(Directory.Exists(tree.Records));
    }

    [RootFact(ProductOnly = true)]
    public void A_frozen_tree_is_prepared_again_with_what_was_written_meanwhile()
    {
        tree.Shell("echo first >$1/file");
        tree.PrepareToImage();
        // It comes as far as the page cache; its close waits for the thaw, which the next prepare begins with.
        Process writer = tree.StartShell("echo second >>$1/file; echo done");
        tree.AwaitWaiting(1);
        tree.PrepareToImage();
        Assert.True(tree.IsFrozen);
        Assert.Equal("done\n", KexecTree.EndOf(writer));
        Assert.Equal(0, tree.Abort().ExitCode);
        tree.ServeCopy();
        Assert.Equal("first\nsecond\n", tree.Shell($"cat {tree.CopyRoot}/file").Output);
    }

    [RootFact(ProductOnly = true)]
    public void Where_no_image_can_be_written_the_tree_goes_on_and_an_older_image_stays()
    {
        ToolResult nowhere = tree.Prepare("--image", tree.Beside("no/where"));
        Assert.Equal(10, nowhere.ExitCode);
        Assert.Contains("no such directory", nowhere.Error, StringComparison.Ordinal);
        Assert.False(tree.IsFrozen);
        string small = tree.Beside("small");
        Directory.CreateDirectory(small);
        Tool.Run("mount", "-t", "tmpfs", "-o", "size=8M", "small", small);
        try
        {
            string image = Path.Combine(small, "image");
            Assert.Equal(0, tree.Prepare("--image", image).ExitCode);
            tree.Abort();
            byte[] before = File.ReadAllBytes(image);
            tree.Shell("head -c 20M /dev/urandom >$1/large");
            ToolResult full = tree.Prepare("--image", image);
            Assert.Equal(17, full.ExitCode);
            Assert.Contains(image, full.Error, StringComparison.Ordinal);
            Assert.False(tree.IsFrozen);
            Assert.Empty(Directory.GetFiles(tree.Records));
            Assert.Equal(before, File.ReadAllBytes(image));
            Assert.Equal(image, Assert.Single(Directory.GetFiles(small)));
            Assert.Equal(0, tree.Shell("mkdir $1/new").ExitCode);
        }
        finally
        {
            Tool.Run("umount", "-l", small);
        }
    }
}
