using PersistFs.Engine.Arenas;
using PersistFs.Engine.Check;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Volumes;

namespace PersistFs.Engine.Tests.Check;

/// <summary>
/// Each kind of finding, made on purpose in a tree of many files: repair leaves nothing to find, and every file that
/// the damage is not about as it was.
/// </summary>
public sealed class VolumeRepairTests(ITestOutputHelper output)
{
    private const string Home = "/lost+found/";

    [Theory]
    [InlineData(FindingKind.Superblock)]
    [InlineData(FindingKind.RootPage)]
    [InlineData(FindingKind.Reserved)]
    [InlineData(FindingKind.Request)]
    [InlineData(FindingKind.Instance)]
    [InlineData(FindingKind.Leak)]
    [InlineData(FindingKind.Frame)]
    [InlineData(FindingKind.Block)]
    [InlineData(FindingKind.InodeCount)]
    public void Damage_that_is_no_files_is_repaired_and_every_file_is_as_it_was(FindingKind kind)
    {
        for (int index = 0; ; index++)
        {
            using var tree = new DamagedTree();
            IReadOnlyList<Action> damages = Damages.Of(kind, tree);
            if (index == damages.Count) break;
            damages[index]();
            RepairAll(tree, kind);
            Assert.Empty(tree.ChangedFiles());
        }
    }

    [Theory]
    [InlineData(FindingKind.InodeRecord)]
    [InlineData(FindingKind.Contents)]
    [InlineData(FindingKind.Directory)]
    [InlineData(FindingKind.Entry)]
    [InlineData(FindingKind.DanglingEntry)]
    [InlineData(FindingKind.EntryCount)]
    [InlineData(FindingKind.Attribute)]
    [InlineData(FindingKind.LinkCount)]
    [InlineData(FindingKind.BlockCount)]
    [InlineData(FindingKind.UnreachableInode)]
    [InlineData(FindingKind.DetachedDirectory)]
    [InlineData(FindingKind.PendingList)]
    [InlineData(FindingKind.BadPointer)]
    [InlineData(FindingKind.UsedTwice)]
    public void Damage_of_a_file_is_repaired_and_every_other_file_is_as_it_was(FindingKind kind)
    {
        for (int index = 0; ; index++)
        {
            using var tree = new DamagedTree();
            IReadOnlyList<Action> damages = Damages.Of(kind, tree);
            if (index == damages.Count) break;
            damages[index]();
            RepairAll(tree, kind);
            Assert.All(
                tree.ChangedFiles(), path => Assert.StartsWith(DamagedTree.Victims, path, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_file_without_a_name_is_found_again_in_lost_and_found_under_its_number()
    {
        using var tree = new DamagedTree();
        InodeNumber inode = tree.Inode("/victims/file");
        tree.RemoveNameOnly("/victims", "file");
        RepairAll(tree, FindingKind.UnreachableInode);
        Assert.Equal(inode, tree.Inode(Home + inode));
        Assert.Equal(tree.ContentsBefore("/victims/file"), tree.Contents(Home + inode));
    }

    [Fact]
    public void A_directory_without_a_name_is_found_again_with_all_below_it()
    {
        using var tree = new DamagedTree();
        InodeNumber inode = tree.Inode("/victims/below");
        tree.RemoveNameOnly("/victims", "below");
        RepairAll(tree, FindingKind.UnreachableInode);
        Assert.Equal(tree.ContentsBefore("/victims/below/deep/file"), tree.Contents($"{Home}{inode}/deep/file"));
    }

    [Fact]
    public void A_leaf_whose_header_is_gone_gives_its_names_back()
    {
        using var tree = new DamagedTree();
        ref readonly InodeRecord record = ref tree.Record("/victims/many");
        var pointer = new DirectoryPointer(record.Contents);
        while (pointer.IsNode)
            pointer = new DirectoryPointer(
                tree.Space.Arena.Words(pointer.Target, 512).ToArray().First(word => word != 0));
        Store.Word(ref tree.Space.Arena.Target<ulong>(pointer.Target), ulong.MaxValue);
        RepairAll(tree, FindingKind.Directory);
        Assert.Empty(tree.ChangedFiles());
    }

    [Fact]
    public void A_damaged_arena_that_cannot_be_opened_is_made_to_open()
    {
        for (int number = 0; number < Damages.OfHeadCount; number++)
        {
            using var tree = new DamagedTree();
            int files = tree.FileCount;
            Damages.DoToHead(number, tree);
            tree.Close();
            Assert.Throws<ArenaException>(() => VolumeChecker.Check(tree.Path, new VolumeOptions()));
            var lines = new List<string>();
            CheckReport report = VolumeRepairer.Repair(tree.Path, new VolumeOptions(), lines.Add);
            lines.ForEach(output.WriteLine);
            Assert.True(report.IsClean, string.Join('\n', report.Findings));
            tree.Reopen();
            // Without its root a tree becomes one below a new root's lost+found.
            if (number == Damages.OfHeadWithoutRoot) Assert.Equal(files + 2, tree.CountFiles());
            else Assert.Empty(tree.ChangedFiles());
        }
    }

    [Fact]
    public void A_clean_arena_is_left_as_it_is()
    {
        using var tree = new DamagedTree();
        var lines = new List<string>();
        Assert.True(VolumeRepairer.Repair(tree.Volume, lines.Add).IsClean);
        Assert.Empty(lines);
        Assert.Empty(tree.ChangedFiles());
    }

    private void RepairAll(DamagedTree tree, FindingKind kind)
    {
        CheckReport before = VolumeChecker.Check(tree.Volume);
        Assert.Contains(before.Findings, finding => finding.Kind == kind);
        var lines = new List<string>();
        // The repairer takes the slot, as it would in a process of its own.
        tree.Volume.DetachWorker(tree.Worker);
        CheckReport report = VolumeRepairer.Repair(tree.Volume, lines.Add);
        output.WriteLine(string.Join('\n', before.Findings.Take(5)));
        lines.ForEach(output.WriteLine);
        Assert.True(report.IsClean, string.Join('\n', report.Findings.Take(20)));
        Assert.NotEmpty(lines);
        tree.Reopen();
        Assert.Empty(VolumeChecker.Check(tree.Volume).Findings);
    }
}
