using BenchmarkDotNet.Attributes;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Bench.Engine;

/// <summary>What room costs in an arena that is nearly full, by its size.</summary>
public class AllocationBenchmarks
{
    private const int BlocksPerRound = 512;
    private const uint FramesLeft = 16;

    private Volume volume = null!;
    private Worker worker = null!;

    /// <summary>Size of the arena. All but a few frames are said to hold data, and take no memory.</summary>
    [Params(1, 1024)]
    public int Gibibytes { get; set; }

    [GlobalSetup]
    public void Fill()
    {
        var options = new FormatOptions { SizeMax = (ulong)Gibibytes << 30 };
        Superblock superblock = VolumeFormatter.Describe(options);
        var backing = new SparseBacking(superblock.FrameCountMax << Layout.FrameSizeLog2);
        VolumeFormatter.Write(backing, in superblock, options);
        MarkFull(backing, in superblock);
        volume = VolumeOpener.Open(backing, new VolumeOptions());
        worker = volume.AttachWorker();
    }

    private static void MarkFull(SparseBacking backing, in Superblock superblock)
    {
        Errno error = backing.Map(isPrivate: false, out nint address);
        if (error != Errno.OK) throw new InvalidOperationException($"The arena cannot be mapped: {error}.");
        var table = new FrameTable(
            new Arena(address, backing.Length), superblock.FrameCountMax, superblock.FrameTableCapacity);
        for (uint frame = 1; frame < table.SystemFrameCount; frame++)
        {
            // Its own descriptor lies in frame 0 or in one that was marked before it.
            table.SetWord(frame, new FrameWord(FrameState.Used, FrameType.System));
            table.NoteTableFrame(frame);
        }
        for (uint frame = table.SystemFrameCount; frame < table.FrameCount - FramesLeft; frame++)
        {
            if (table.WordOf(frame).State == FrameState.Absent)
            {
                table.SetWord(frame, new FrameWord(FrameState.Used, FrameType.Data));
            }
        }
        _ = Libc.Unmap(address, (nuint)backing.Length);
    }

    [GlobalCleanup]
    public void Close() => volume.Dispose();

    /// <summary>One block of 4 KiB, taken and given back, a frame's worth in a row.</summary>
    [Benchmark(OperationsPerInvoke = BlocksPerRound)]
    public void Block()
    {
        using Transaction transaction = worker.Begin();
        Allocate(transaction);
    }

    /// <summary>One object of 64 bytes, taken and given back, each from a slab of its own class.</summary>
    [Benchmark(OperationsPerInvoke = BlocksPerRound)]
    public void Object()
    {
        using Transaction transaction = worker.Begin();
        Reserve(transaction);
        for (int index = 0; index < BlocksPerRound; index++) _ = transaction.AllocateObject(SizeClass.Holding(64));
    }

    private void Allocate(Transaction transaction)
    {
        Reserve(transaction);
        for (int index = 0; index < BlocksPerRound; index++)
            _ = transaction.AllocateBlock(BlockUse.Of(BlockType.Data, volume.DefaultTree.Root, 0, (ulong)index));
    }

    private static void Reserve(Transaction transaction)
    {
        if (transaction.TryReserve(BlocksPerRound, SpaceLevel.Acknowledged)) return;
        throw new InvalidOperationException("There are no blocks left.");
    }
}
