using PersistFs.Engine.Arenas;
using PersistFs.Engine.Check;
using PersistFs.Engine.Format;
using PersistFs.Engine.Image;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Image;

/// <summary>What was saved is what is restored, and costs what it holds.</summary>
public sealed class RoundTripTests
{
    private const int RootPageFirst = (int)(Layout.RootPageOffset >> Layout.BlockSizeLog2);
    private const int InstanceBlock = (int)(Layout.InstanceTableOffset >> Layout.BlockSizeLog2);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_restored_arena_has_the_same_tree_and_nothing_to_recover(bool isFixed)
    {
        using var scene = new ImageScene(isFixed: isFixed);
        scene.Fill();
        TreeImage before = TreeReader.Read(scene.Arena.Volume);
        ImageReport saved = scene.Save();
        ImageReport restored = scene.Restore();
        Assert.Null(before.FindDifference(scene.ReadRestored()));
        Assert.Equal((saved.SavedAt, saved.DataBytes), (restored.SavedAt, restored.DataBytes));
        Assert.Equal(scene.Uuid, restored.Uuid);
        Assert.Equal((ulong)new FileInfo(scene.Image).Length, saved.ImageBytes);
        Assert.Empty(scene.Leftovers());
    }

    [Fact]
    public void Every_block_in_use_is_the_same_but_for_the_root_page_and_the_connection()
    {
        using var scene = new ImageScene();
        scene.Fill();
        scene.Save();
        scene.Restore();
        using FileBacking restored = FileBacking.Open(scene.Restored, create: false);
        Assert.Equal(Errno.OK, restored.Map(isPrivate: false, out nint address));
        Volume volume = scene.Arena.Volume;
        Assert.Equal(volume.Space.Arena.Length, restored.Length);
        var copy = new Arena(address, restored.Length);
        List<ArenaPointer> differences = ImageScene.Differences(volume.Space.Arena, copy, volume.Space.Table);
        Assert.All(differences, place =>
        {
            Assert.Equal(0U, place.Frame);
            Assert.Contains(place.BlockInFrame, new[] { RootPageFirst, RootPageFirst + 1, InstanceBlock });
        });
    }

    [Fact]
    public void A_copy_has_counted_an_opening_more_and_belongs_to_no_connection()
    {
        using var scene = new ImageScene();
        scene.Arena.Tree.BeginSession();
        scene.Arena.Tree.StoreConnection(Guid.NewGuid(), 42);
        ulong opened = scene.Arena.Volume.GetStatistics().TimesOpened;
        Assert.Equal(opened, scene.Save().TimesOpened);
        scene.Restore();
        using Volume copy = Volume.Open(scene.Restored, new VolumeOptions());
        VolumeStatistics statistics = copy.GetStatistics();
        Assert.Equal((scene.Uuid, opened + 2), (statistics.Uuid, statistics.TimesOpened));
        Assert.Equal(Guid.Empty, copy.DefaultTree.ReadSession().BootId);
        Assert.NotEqual(0UL, copy.DefaultTree.ReadSession().Connection);
    }

    [Fact]
    public void An_image_takes_what_the_arena_holds_and_not_what_it_could()
    {
        using var scene = new ImageScene(8UL << 30);
        InodeNumber file = scene.Create("file");
        scene.Write(file, 0, new byte[] { 1 });
        Assert.Equal(
            Errno.OK,
            scene.Arena.Tree.Allocate(scene.Arena.Worker, file, 0, 64 << 20, FallocateMode.Allocate));
        ImageReport report = scene.Save();
        Assert.InRange(report.ImageBytes, 1UL, 256UL << 10);
        scene.Restore();
        Assert.Null(TreeReader.Read(scene.Arena.Volume).FindDifference(scene.ReadRestored()));
    }

    [Fact]
    public void A_second_image_replaces_the_first_and_a_restored_arena_can_be_saved_again()
    {
        using var scene = new ImageScene();
        scene.Save();
        scene.Fill();
        scene.Save();
        scene.Restore();
        Assert.Null(TreeReader.Read(scene.Arena.Volume).FindDifference(scene.ReadRestored()));
        using (Volume restored = Volume.Open(scene.Restored, new VolumeOptions()))
        using (ImageTarget target = ImageTarget.Open(scene.Image, scene.Uuid, force: false))
        {
            VolumeImage.SaveIdle(restored, target);
            target.Publish();
        }
        scene.Restore(force: true);
        Assert.Null(TreeReader.Read(scene.Arena.Volume).FindDifference(scene.ReadRestored()));
    }

    [Fact]
    public void Memory_that_held_something_else_before_becomes_the_same_arena()
    {
        using var scene = new ImageScene(isFixed: true);
        scene.Fill();
        scene.Save();
        using ImageReader reader = ImageReader.Open(scene.Image);
        using var restorer = new ImageRestorer(reader, progress: null, CancellationToken.None);
        restorer.Verify();
        var place = new StaleBacking(scene.Arena.Volume.Space.Arena.Length);
        Assert.Equal(Errno.OK, place.Map(isPrivate: false, out nint address));
        for (ulong offset = 0; offset < place.Length; offset += Layout.FrameSizeInBytes)
            new IoVector(address + (nint)offset, Layout.FrameSizeInBytes).AsSpan().Fill(0xA5);
        restorer.Fill(place.Clear(place.Length));
        using Volume volume = VolumeOpener.Open(place, new VolumeOptions());
        CheckReport report = VolumeChecker.Check(volume);
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
        Assert.Null(TreeReader.Read(scene.Arena.Volume).FindDifference(TreeReader.Read(volume)));
    }

    [Fact]
    public void A_save_that_is_ended_early_leaves_the_image_that_was_there()
    {
        using var scene = new ImageScene();
        scene.Fill();
        scene.Save();
        byte[] before = File.ReadAllBytes(scene.Image);
        using var stop = new CancellationTokenSource();
        using (ImageTarget target = ImageTarget.Open(scene.Image, scene.Uuid, force: false))
        {
            Assert.Throws<OperationCanceledException>(() => VolumeImage.SaveLive(
                scene.Arena.Volume, target, _ => stop.Cancel(), stop.Token));
        }
        Assert.Equal(before, File.ReadAllBytes(scene.Image));
        Assert.Empty(scene.Leftovers());
        Assert.False(scene.Arena.Volume.IsFrozen);
    }
}
