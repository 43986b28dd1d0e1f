using PersistFs.Engine.Format;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Volumes;

public sealed class StatisticsTests
{
    [Fact]
    public void A_new_volume_has_its_root_and_all_of_its_room()
    {
        using var arena = new InodeArena();
        VolumeStatistics statistics = arena.Volume.GetStatistics();
        TreeStatistics tree = arena.Tree.GetStatistics();
        Assert.Equal(1UL, tree.InodesUsed);
        Assert.Equal(0UL, tree.InodesMax);
        Assert.Equal(1UL, statistics.TimesOpened);
        Assert.Equal(VolumeState.Serving, statistics.State);
        Assert.Equal((ulong)arena.FreeBlocks, statistics.FreeBlocks);
        Assert.InRange(statistics.FreeBlocks, statistics.TotalBlocks * 9 / 10, statistics.TotalBlocks - 1);
        Assert.Equal(tree.InodesUsed + tree.FileFree, tree.FileTotal);
        Assert.NotEqual(Guid.Empty, statistics.Uuid);
        Assert.NotEmpty(statistics.BackingName);
        Assert.NotEmpty(statistics.BackingKind.Word);
        Assert.Equal(0UL, statistics.BytesPresent % Layout.FrameSizeInBytes);
    }

    [Fact]
    public void Numbers_follow_what_is_made()
    {
        using var arena = new InodeArena();
        VolumeStatistics before = arena.Volume.GetStatistics();
        ulong inodesBefore = arena.Tree.GetStatistics().InodesUsed;
        InodeNumber inode = arena.MakeFile();
        Assert.Equal(Errno.OK, arena.Set(inode, "user.a", new byte[65536]));
        VolumeStatistics after = arena.Volume.GetStatistics();
        Assert.Equal(inodesBefore + 1, arena.Tree.GetStatistics().InodesUsed);
        Assert.Equal(before.TotalBlocks, after.TotalBlocks);
        ulong allocated = after.BytesAllocated - before.BytesAllocated;
        Assert.Equal((before.FreeBlocks - after.FreeBlocks) * VolumeStatistics.BlockSizeInBytes, allocated);
        Assert.InRange(allocated, 65536UL, 65536UL + 2 * 4096);
        Assert.True(after.BytesPresent >= before.BytesPresent);
    }

    [Fact]
    public void Identity_stays_and_openings_count()
    {
        using var arena = new InodeArena();
        VolumeStatistics before = arena.Volume.GetStatistics();
        uint sessionBefore = arena.Tree.GetStatistics().Session;
        arena.Reopen();
        arena.Tree.BeginSession();
        VolumeStatistics after = arena.Volume.GetStatistics();
        Assert.Equal(before.Uuid, after.Uuid);
        Assert.Equal(before.TimesOpened + 1, after.TimesOpened);
        Assert.True(after.Generation > before.Generation);
        Assert.Equal(sessionBefore + 1, arena.Tree.GetStatistics().Session);
    }
}
