using System.Text;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Check;
using PersistFs.Engine.Format;
using PersistFs.Engine.Image;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Image;

/// <summary>An arena with files of every shape, and places for its image and for what is restored of it.</summary>
internal sealed class ImageScene : IDisposable
{
    private readonly string home = Path.Combine("/dev/shm", $"persistfs-image-{Guid.NewGuid():n}");

    public ImageScene(ulong sizeInBytes = TestArena.DefaultSizeInBytes, bool isFixed = false)
    {
        Directory.CreateDirectory(home);
        Arena = new TestArena(sizeInBytes, isFixed);
    }

    public TestArena Arena { get; }

    /// <summary>Where the image is.</summary>
    public string Image => At("image");

    /// <summary>Where an arena is restored.</summary>
    public string Restored => At("restored");

    public Guid Uuid => Arena.Volume.GetStatistics().Uuid;

    public string At(string name) => Path.Combine(home, name);

    /// <summary>All that was ever left lying about beside <see cref="Image"/> and <see cref="Restored"/>.</summary>
    public IEnumerable<string> Leftovers() =>
        Directory.EnumerateFiles(home).Where(path => path.EndsWith(".new", StringComparison.Ordinal));

    /// <summary>Files of all kinds of contents, directories of all sizes, attributes, links.</summary>
    public void Fill()
    {
        var random = new SeededRandom(1);
        byte[] data = new byte[12 << 20];
        random.Fill(data.AsSpan(0, 1 << 20));
        for (int copied = 1 << 20; copied < data.Length; copied <<= 1)
            data.AsSpan(0, Math.Min(copied, data.Length - copied)).CopyTo(data.AsSpan(copied));
        for (int index = 0; index < 500; index++) Write(Create($"small{index}"), 0, data.AsSpan(index, index));
        Write(Create("large"), 0, data);
        Write(Create("sparse"), 1UL << 40, data.AsSpan(0, 5000));
        InodeNumber ahead = Create("ahead");
        Assert.Equal(Errno.OK, Tree.Allocate(Worker, ahead, 0, 4 << 20, FallocateMode.Allocate));
        InodeNumber gone = Create("gone");
        Write(gone, 0, data.AsSpan(0, 6 << 20));
        Assert.Equal(Errno.OK, Tree.Unlink(Worker, Tree.Root, NameOf("gone")));
        Tree.Forget(Worker, gone, 1);
        InodeNumber tagged = Create("tagged");
        ReadOnlySpan<byte> value = data.AsSpan(0, 60_000);
        Assert.Equal(Errno.OK, Tree.SetXattr(Worker, tagged, "user.tag"u8, value, XattrSetFlags.None));
    }

    public InodeNumber Create(string name)
    {
        var node = new NewNode { Mode = ModeBits.Regular | 0x1A4, UserId = 0, GroupId = 0 };
        Errno error = Tree.Create(Worker, Tree.Root, NameOf(name), in node, default, out InodeAttributes made);
        Assert.Equal(Errno.OK, error);
        return made.Inode;
    }

    public void Write(InodeNumber inode, ulong offset, ReadOnlySpan<byte> data) =>
        Assert.Equal(Errno.OK, Tree.Write(Worker, inode, offset, data));

    /// <summary>Saves the arena as it is, with nobody else at work.</summary>
    public ImageReport Save(bool force = false)
    {
        using ImageTarget target = ImageTarget.Open(Image, Uuid, force);
        ImageReport report = VolumeImage.SaveIdle(Arena.Volume, target);
        target.Publish();
        return report;
    }

    public ImageReport SaveLive()
    {
        using ImageTarget target = ImageTarget.Open(Image, Uuid, force: false);
        ImageReport report = VolumeImage.SaveLive(Arena.Volume, target);
        target.Publish();
        return report;
    }

    public ImageReport Restore(bool force = false) => VolumeImage.Restore(Image, Restored, force);

    /// <summary>Opens what was restored: it has to be clean, with nothing to recover.</summary>
    public TreeImage ReadRestored()
    {
        using Volume volume = Volume.Open(Restored, new VolumeOptions());
        Assert.Equal((0, 0), (volume.LastRecovery.RolledBack, volume.LastRecovery.Completed));
        CheckReport report = VolumeChecker.Check(volume);
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
        return TreeReader.Read(volume);
    }

    /// <summary>
    /// Compares all blocks in use of two arenas; those of frame 0 that a restore writes are told apart by the caller.
    /// </summary>
    /// <returns>The places of blocks that differ.</returns>
    public static List<ArenaPointer> Differences(Arena first, Arena second, FrameTable table)
    {
        var copier = new FrameCopier(first, table);
        var found = new List<ArenaPointer>();
        for (uint frame = 0; frame < table.FrameCount; frame++)
        {
            if (table.WordOf(frame).State != FrameState.Used) continue;
            copier.Select(frame, out FrameDescriptor.BlockBitmap kept);
            for (int block = 0; block < Layout.BlocksPerFrame; block++)
            {
                if ((kept[block / 64] >> block % 64 & 1) == 0) continue;
                ArenaPointer place = ArenaPointer.OfBlock(frame, block);
                ReadOnlySpan<byte> mine = first.Bytes(place, Layout.BlockSizeInBytes);
                if (!mine.SequenceEqual(second.Bytes(place, Layout.BlockSizeInBytes))) found.Add(place);
            }
        }
        return found;
    }

    public static FileName NameOf(string text)
    {
        Assert.Equal(Errno.OK, FileName.TryCreate(Encoding.ASCII.GetBytes(text), out FileName name));
        return name;
    }

    public void Dispose()
    {
        Arena.Dispose();
        Directory.Delete(home, recursive: true);
    }

    private Volume Volume => Arena.Volume;

    private Tree Tree => Volume.DefaultTree;

    private Worker Worker => Arena.Worker;
}
