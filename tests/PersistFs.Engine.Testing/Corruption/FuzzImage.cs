using System.Numerics;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Testing.Model;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Testing;

namespace PersistFs.Engine.Testing.Corruption;

/// <summary>A small arena that holds something of everything, and where in it there is something to damage.</summary>
internal sealed class FuzzImage : IDisposable
{
    /// <summary>
    /// Kinds of images: a tree at rest, and trees whose process was killed at some store of some operation.
    /// </summary>
    public const int Count = 8;

    private const int ManyNames = 400;

    private FuzzImage(MemoryBacking backing, List<FuzzRange> ranges)
    {
        Backing = backing;
        Ranges = ranges;
    }

    public MemoryBacking Backing { get; }

    /// <summary>What carries meaning, apart from file contents.</summary>
    public IReadOnlyList<FuzzRange> Ranges { get; }

    /// <summary>Makes the image with this number, 0 to <see cref="Count"/> - 1; always the same.</summary>
    public static FuzzImage Make(int number)
    {
        using var arena = new MemoryArena((ulong)number);
        FillTree(arena.User, number);
        LeaveRequests(arena);
        MemoryBacking backing = number == 0 ? Copy(arena.Backing) : Kill(arena, number);
        return new FuzzImage(backing, FindRanges(arena.Volume));
    }

    public void Dispose() => Backing.Dispose();

    private static void FillTree(VolumeUser user, int number)
    {
        byte[] bytes = new byte[200_000];
        new SeededRandom((ulong)number).Fill(bytes);
        Do(user.CreateDirectory("/few"));
        Do(user.CreateFile("/few/empty"));
        Do(user.CreateSymbolicLink("/few/short link", "target"));
        Do(user.CreateSymbolicLink("/few/long link", new string('t', 3000)));
        Do(user.Create("/few/device", ModeBits.CharacterDevice | 0x1B6, 0x103, []));
        Do(user.Create("/few/pipe", ModeBits.Fifo | 0x1B6, 0, []));
        foreach (int length in (int[])[10, 500, 2000, 4096, 30_000, 200_000])
        {
            Do(user.CreateFile($"/few/{length}"));
            Do(user.Write($"/few/{length}", 0, bytes.AsSpan(0, length)));
        }
        Do(user.CreateFile("/few/sparse"));
        Do(user.Write("/few/sparse", 1UL << 40, bytes.AsSpan(0, 100)));
        Do(user.Write("/few/sparse", 5000, bytes.AsSpan(0, 100)));
        Do(user.SetXattr("/few/10", "user.small", bytes.AsSpan(0, 30)));
        Do(user.SetXattr("/few/10", "user.large", bytes.AsSpan(0, 10_000)));
        Do(user.SetXattr("/few/10", "trusted.middle", bytes.AsSpan(0, 700)));
        Do(user.Link("/few/10", "/few/second name"));
        Do(user.CreateDirectory("/few/below"));
        Do(user.CreateDirectory("/few/below/below"));
        _ = user.Hold("/few/500");
        Do(user.Unlink("/few/500"));
        Do(user.CreateUnnamed("/few", out _));
        Do(user.CreateDirectory("/many"));
        for (int index = 0; index < ManyNames; index++) Do(user.CreateFile($"/many/a longer name, number {index}"));
    }

    /// <summary>
    /// Requests that were executed and not answered: a lookup, and a listing of all its inodes or of some.
    /// </summary>
    private static void LeaveRequests(MemoryArena arena)
    {
        Volume volume = arena.Volume;
        volume.DefaultTree.BeginRequest(arena.Worker, InheritedUse.Listed);
        Do(volume.DefaultTree.ReadDirectory(arena.Worker, volume.DefaultTree.Root, 0, out DirectoryReader reader));
        using (reader)
        {
            while (reader.MoveNext())
            {
                if (!reader.IsDot) _ = reader.NameInode();
            }
            _ = volume.DefaultTree.TryCountListing(arena.Worker, new byte[500]);
        }
        Worker other = volume.AttachWorker();
        volume.DefaultTree.BeginRequest(other, InheritedUse.LookedUp);
        Do(volume.DefaultTree.LookupSelf(other, volume.DefaultTree.Root, out _));
        ForgetRequest.Arrive(other);
        _ = volume.DefaultTree.BeginForget(other, InheritedUse.Forgotten);
    }

    /// <summary>What a kill at some store of some operation leaves.</summary>
    private static MemoryBacking Kill(MemoryArena arena, int number)
    {
        var stop = new StopObserver(arena.Backing, stopAt: 5 + number * 4);
        CrashPoint.Observer = stop;
        switch (number % 4)
        {
            case 0:
                Do(arena.User.Rename("/few/30000", "/many/moved", RenameMode.Replace));
                break;
            case 1:
                Do(arena.User.Unlink("/few/200000"));
                break;
            case 2:
                Do(arena.User.CreateDirectory("/many/new"));
                break;
            default:
                Do(arena.User.Write("/few/2000", 1000, new byte[60_000]));
                break;
        }
        CrashPoint.Observer = null;
        return stop.Copy ?? throw new InvalidOperationException($"Image {number} has too few stores.");
    }

    private static MemoryBacking Copy(MemoryBacking backing)
    {
        using var snapshot = new SnapshotBacking(backing);
        return MemoryBacking.CopyOf(snapshot);
    }

    private static List<FuzzRange> FindRanges(Volume volume)
    {
        FrameTable table = volume.Space.Table;
        var ranges = new List<FuzzRange>
        {
            new(0, 112), new(Layout.SuperblockCopyOffset, 112), new(Layout.RootPageOffset, 40),
            new(Layout.RootPageOffset + 4096, 40), new(Layout.WorkerTableOffset, 64),
            new(Layout.InstanceTableOffset, 256), new(Layout.PendingListsOffset, 1024),
            new(Layout.FrameTableOffset, (int)table.FrameCount * FrameDescriptor.SizeInBytes),
        };
        for (uint frame = table.SystemFrameCount; frame < table.FrameCount; frame++)
        {
            ArenaPointer start = ArenaPointer.OfFrame(frame);
            if (table.WordOf(frame).IsUsed(FrameType.Worker))
            {
                ranges.Add(new FuzzRange(start.Value, 0x140));
                ranges.Add(new FuzzRange(start.Value + WorkerHeader.CompletionsOffset, CompletionRecord.SizeInBytes));
                ranges.Add(new FuzzRange(start.Value + WorkerHeader.ListingsOffset, 128));
                ranges.Add(new FuzzRange(start.Value + WorkerHeader.RequestBufferOffset, sizeof(uint)));
                ranges.Add(new FuzzRange(start.Value + WorkerHeader.UndoOffset, 1024));
                ranges.Add(new FuzzRange(start.Value + WorkerHeader.FreesOffset, 512));
            }
            if (table.WordOf(frame).IsUsed(FrameType.Blocks)) AddBlocks(ranges, table, frame);
        }
        return ranges;
    }

    private static void AddBlocks(List<FuzzRange> ranges, FrameTable table, uint frame)
    {
        for (int block = Layout.DescriptorBlocksPerFrame; block < Layout.BlocksPerFrame; block++)
        {
            if (!table.IsBlockAllocated(frame, block)) continue;
            BlockDescriptor descriptor = table.BlockAt(frame, block);
            var type = (BlockType)(byte)descriptor.TypeWord;
            ranges.Add(new FuzzRange(
                ArenaPointer.OfFrame(frame).Value + (ulong)(block * BlockDescriptor.SizeInBytes),
                BlockDescriptor.SizeInBytes));
            if (type == BlockType.Data) continue;
            ArenaPointer start = ArenaPointer.OfBlock(frame, block);
            if (!SizeClass.IsSlab(type))
            {
                ranges.Add(new FuzzRange(start.Value, Layout.BlockSizeInBytes));
                continue;
            }
            for (ulong objects = descriptor.Objects; objects != 0; objects &= objects - 1)
            {
                ulong place = (ulong)(BitOperations.TrailingZeroCount(objects) * SizeClass.ObjectSize(type));
                ranges.Add(new FuzzRange(start.Value + place, Math.Min(SizeClass.ObjectSize(type), 512)));
            }
        }
    }

    private static void Do(Errno error)
    {
        if (error != Errno.OK) throw new InvalidOperationException($"An image cannot be made: {error}.");
    }

    /// <summary>Takes a copy at one store.</summary>
    private sealed class StopObserver(MemoryBacking backing, int stopAt) : CrashObserver
    {
        private int stores;

        public MemoryBacking? Copy { get; private set; }

        public override void AfterStore()
        {
            if (++stores == stopAt) Copy = FuzzImage.Copy(backing);
        }

        public override void BeforeBulk(ReadOnlySpan<byte> target, ReadOnlySpan<byte> source)
        {
        }
    }
}
