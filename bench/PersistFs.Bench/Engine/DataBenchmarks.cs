using System.Text;
using BenchmarkDotNet.Attributes;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Bench.Engine;

/// <summary>Contents of files, in process: what a READ or WRITE costs behind the protocol.</summary>
[MemoryDiagnoser]
public class DataBenchmarks
{
    private const string ArenaPath = "/dev/shm/persistfs-bench-data";
    private const ulong ArenaSizeInBytes = 4UL << 30;
    private const int BlockSizeInBytes = 4096;
    private const int StepSizeInBytes = 1 << 20;
    private const int FileBlocks = 1 << 18;
    private const int SmallAppends = 2048;
    private const int LargeAppends = 128;

    private readonly byte[] data = new byte[StepSizeInBytes];
    private readonly IoVector[] segments = new IoVector[Tree.SegmentsMax(StepSizeInBytes)];
    private Volume volume = null!;
    private Worker worker = null!;
    private InodeNumber ofBlocks;
    private InodeNumber ofFrames;
    private InodeNumber growing;
    private uint random = 1;

    private ReadOnlySpan<byte> Block => data.AsSpan(0, BlockSizeInBytes);

    [GlobalSetup]
    public void Open()
    {
        File.Delete(ArenaPath);
        VolumeFormatter.Format(ArenaPath, new FormatOptions { SizeMax = ArenaSizeInBytes, IsFixed = true });
        volume = Volume.Open(ArenaPath, new VolumeOptions());
        worker = volume.AttachWorker();
        ofBlocks = Create("blocks");
        ofFrames = Create("frames");
        growing = Create("growing");
        Require(volume.DefaultTree.Allocate(worker, ofFrames, 0, (ulong)FileBlocks * BlockSizeInBytes,
            FallocateMode.Allocate));
        // From the end to the front: that never takes a data frame.
        for (ulong offset = (ulong)FileBlocks * BlockSizeInBytes; offset > 0;)
        {
            offset -= StepSizeInBytes;
            Require(volume.DefaultTree.Write(worker, ofBlocks, offset, data));
        }
    }

    [GlobalCleanup]
    public void Close()
    {
        volume.Dispose();
        File.Delete(ArenaPath);
    }

    [IterationSetup(Targets = [nameof(Append4K), nameof(Append1M)])]
    public void Empty() => Require(volume.DefaultTree.SetSize(worker, growing, 0));

    [Benchmark]
    public Errno Overwrite4KInBlocks() => volume.DefaultTree.Write(worker, ofBlocks, NextOffset(), Block);

    [Benchmark]
    public Errno Overwrite4KInFrames() => volume.DefaultTree.Write(worker, ofFrames, NextOffset(), Block);

    [Benchmark]
    public uint Read4KInBlocks() => Read(ofBlocks, NextOffset(), BlockSizeInBytes);

    [Benchmark]
    public uint Read4KInFrames() => Read(ofFrames, NextOffset(), BlockSizeInBytes);

    [Benchmark]
    public uint Read1MInBlocks() => Read(ofBlocks, NextOffset() & ~(StepSizeInBytes - 1UL), StepSizeInBytes);

    /// <summary>Into an empty file up to 8 MiB: one block at a time.</summary>
    [Benchmark(OperationsPerInvoke = SmallAppends)]
    public void Append4K()
    {
        for (ulong index = 0; index < SmallAppends; index++)
            Require(volume.DefaultTree.Write(worker, growing, index * BlockSizeInBytes, Block));
    }

    /// <summary>Into an empty file up to 128 MiB: blocks at first, then data frames.</summary>
    [Benchmark(OperationsPerInvoke = LargeAppends)]
    public void Append1M()
    {
        for (ulong index = 0; index < LargeAppends; index++)
            Require(volume.DefaultTree.Write(worker, growing, index * StepSizeInBytes, data));
    }

    private uint Read(InodeNumber inode, ulong offset, uint length)
    {
        Require(volume.DefaultTree.Read(worker, inode, offset, length, segments, out _, out uint bytesRead));
        volume.DefaultTree.EndRead(worker);
        return bytesRead;
    }

    private ulong NextOffset()
    {
        random = random * 1_664_525 + 1_013_904_223;
        return (ulong)(random >> 14) * BlockSizeInBytes;
    }

    private InodeNumber Create(string name)
    {
        Require(FileName.TryCreate(Encoding.ASCII.GetBytes(name), out FileName fileName));
        var node = new NewNode { Mode = ModeBits.Regular | 0x1A4, UserId = 0, GroupId = 0 };
        Require(volume.DefaultTree.Create(worker, volume.DefaultTree.Root, fileName, in node, default,
            out InodeAttributes attributes));
        return attributes.Inode;
    }

    private static void Require(Errno error)
    {
        if (error != Errno.OK) throw new InvalidOperationException($"An operation failed: {error}.");
    }
}
