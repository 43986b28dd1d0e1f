using PersistFs.Engine.Testing;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Volumes;

/// <summary>Contents changed by several threads at once, and without garbage.</summary>
public sealed class DataThreadTests
{
    private const int ThreadCount = 4;
    private const int StepsPerThread = 400;
    private const int FileSizeMax = 11 << 20;

    [Fact]
    public void Files_of_several_threads_stay_apart_in_an_arena_that_is_almost_full()
    {
        using var arena = new TestArena(40UL << 20);
        long used = 0;
        var files = new DataFile[ThreadCount];
        var workers = new Worker[ThreadCount];
        for (int index = 0; index < ThreadCount; index++)
        {
            workers[index] = arena.Volume.AttachWorker();
            files[index] = new DataFile(arena);
        }
        used = DataFile.UsedBlocks(arena);
        Parallel.For(0, ThreadCount, new ParallelOptions { MaxDegreeOfParallelism = ThreadCount }, index =>
            Work(arena.Volume, workers[index], files[index], index + 1));
        arena.RequireClean();
        foreach (DataFile file in files) Assert.Equal(Errno.OK, file.SetSize(0));
        Assert.Equal(used, DataFile.UsedBlocks(arena));
    }

    [Fact]
    public void No_operation_on_contents_leaves_garbage()
    {
        using var arena = new TestArena();
        var file = new DataFile(arena);
        var other = new DataFile(arena);
        var data = new byte[1 << 20];
        var segments = new IoVector[Tree.SegmentsMax(1 << 20)];
        long before = 0;
        for (int round = 0; round < 3; round++)
        {
            before = GC.GetAllocatedBytesForCurrentThread();
            Run(arena.Volume, arena.Worker, file, other, data, segments);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Run(
        Volume volume, Worker worker, DataFile file, DataFile other, byte[] data, IoVector[] segments)
    {
        const FallocateMode Punch = FallocateMode.PunchHole | FallocateMode.KeepSize;
        bool isFine = volume.DefaultTree.Write(worker, file.Inode, 0, data.AsSpan(0, 100)) == Errno.OK
            && volume.DefaultTree.Write(worker, file.Inode, 100, data.AsSpan(0, 5000)) == Errno.OK
            && volume.DefaultTree.Write(worker, file.Inode, 10_000, data) == Errno.OK
            && volume.DefaultTree.Read(worker, file.Inode, 0, 1 << 20, segments, out _, out _) == Errno.OK;
        volume.DefaultTree.EndRead(worker);
        isFine = isFine
            && volume.DefaultTree.Seek(worker, file.Inode, 0, SeekTarget.Hole, out _) == Errno.OK
            && volume.DefaultTree.Allocate(worker, file.Inode, 0, 9 << 20, FallocateMode.Allocate) == Errno.OK
            && volume.DefaultTree.Allocate(worker, file.Inode, 1000, 1 << 20, FallocateMode.ZeroRange) == Errno.OK
            && volume.DefaultTree.Allocate(worker, file.Inode, 0, 1 << 20, Punch) == Errno.OK
            && volume.DefaultTree.CopyRange(
                worker, new FilePosition(file.Inode, 0), new FilePosition(other.Inode, 0), 2 << 20, out _) == Errno.OK
            && volume.DefaultTree.SetSize(worker, file.Inode, 0) == Errno.OK
            && volume.DefaultTree.SetSize(worker, other.Inode, 0) == Errno.OK;
        if (!isFine) throw new InvalidOperationException("An operation failed.");
    }

    private static void Work(Volume volume, Worker worker, DataFile file, int seed)
    {
        var random = new Random(seed);
        var model = new DataModel();
        var data = new byte[300_000];
        var segments = new IoVector[Tree.SegmentsMax(FileSizeMax)];
        for (int step = 0; step < StepsPerThread; step++)
        {
            int offset = random.Next(3) == 0 ? random.Next(FileSizeMax - data.Length) : model.Size;
            Span<byte> piece = data.AsSpan(0, random.Next(1, data.Length));
            piece.Fill((byte)(seed * 50 + step % 50));
            bool fits = offset + piece.Length <= FileSizeMax;
            Errno error = fits ? volume.DefaultTree.Write(worker, file.Inode, (ulong)offset, piece) : Errno.ENOSPC;
            if (error == Errno.OK)
            {
                model.Write(offset, piece);
            }
            else
            {
                Assert.Equal(Errno.ENOSPC, error);
                int size = random.Next(model.Size + 1);
                Assert.Equal(Errno.OK, volume.DefaultTree.SetSize(worker, file.Inode, (ulong)size));
                model.SetSize(size);
            }
            if (step % 20 == 0) Compare(volume, worker, file, model, segments, seed);
        }
    }

    private static void Compare(
        Volume volume, Worker worker, DataFile file, DataModel model, IoVector[] segments, int seed)
    {
        Errno error = volume.DefaultTree.Read(worker, file.Inode, 0, FileSizeMax, segments, out int count,
            out uint bytesRead);
        Assert.Equal(Errno.OK, error);
        Assert.Equal(model.Size, (int)bytesRead);
        ReadOnlySpan<byte> rest = model.Bytes;
        for (int index = 0; index < count; index++)
        {
            Span<byte> segment = segments[index].AsSpan();
            Assert.True(segment.SequenceEqual(rest[..segment.Length]), $"seed {seed}");
            rest = rest[segment.Length..];
        }
        volume.DefaultTree.EndRead(worker);
    }
}
