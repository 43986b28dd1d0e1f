using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Transactions;

/// <summary>The arena's memory as transactions see it: what is there, what is free, what more can be had.</summary>
internal sealed class Space
{
    /// <summary>The reserve is this fraction of the arena, and at most <see cref="ReserveBlocksMax"/>.</summary>
    private const int ReserveFraction = 64;
    private const long ReserveBlocksMax = 32L * 1024 * 1024 / Layout.BlockSizeInBytes;

    private const int LookupLockCount = 256;

    private readonly long reserveBlocks;

    public Space(Arena arena, Backing backing, FrameTable table)
    {
        Arena = arena;
        Table = table;
        Allocator = new BlockAllocator(table, new FrameSupply(arena, backing, table));
        TotalBlocks = (long)(table.FrameCount - table.SystemFrameCount) * Layout.UsableBlocksPerFrame;
        reserveBlocks = Math.Min(TotalBlocks / ReserveFraction, ReserveBlocksMax);
    }

    public Arena Arena { get; }

    public FrameTable Table { get; }

    public BlockAllocator Allocator { get; }

    /// <summary>Where operations begin, and are held off while the volume is frozen.</summary>
    public FreezeGate Gate { get; } = new();

    /// <summary>One lock for each pending list.</summary>
    public TransactionLocks PendingLocks { get; } = new(Layout.PendingListCount);

    /// <summary>Locks of lookup words, many inodes to a lock; the last that a transaction takes.</summary>
    public TransactionLocks LookupLocks { get; } = new(LookupLockCount);

    /// <summary>Blocks of the arena when it is grown to its most.</summary>
    public long TotalBlocks { get; }

    /// <summary>Blocks an ordinary transaction could still get, as far as known.</summary>
    public long FreeBlocks =>
        Math.Max(0, Allocator.Supply.AvailableBlocks + Allocator.Supply.GrowableBlocks - reserveBlocks);

    /// <summary>Frames with memory behind them, but for those of the frame table.</summary>
    public long PresentFrames => Table.FrameCount - Table.SystemFrameCount - Allocator.Supply.AbsentFrames;

    /// <summary>Takes blocks out of what is available, growing the arena if it must.</summary>
    public bool TryReserve(int blocks, SpaceLevel level)
    {
        FrameSupply supply = Allocator.Supply;
        if (blocks == 0) return true;
        while (true)
        {
            bool isOverReserve = supply.AvailableBlocks + supply.GrowableBlocks - blocks < reserveBlocks;
            if (level == SpaceLevel.Ordinary && isOverReserve)
            {
                // The system refused memory some time ago; it may have some again.
                if (supply.GrowableBlocks == 0 && supply.AbsentFrames > 0 && supply.TryGrow() == Errno.OK) continue;
                return false;
            }
            if (supply.TryTake(blocks)) return true;
            if (supply.TryGrow() != Errno.OK) return supply.TryTake(blocks);
        }
    }

    /// <summary>Makes sure that a frame is free, growing the arena if it must. The reserve is left alone.</summary>
    public bool TryBringFrame() => FreeBlocks >= Layout.UsableBlocksPerFrame
        && (Allocator.Supply.FreeFrames > 0 || Allocator.Supply.TryGrow() == Errno.OK);

    /// <summary>Finishes what the last process left in the journals, then reads where there is room.</summary>
    public RecoveryReport Open()
    {
        RecoveryReport report = Recovery.Run(this);
        Allocator.Load(IsAttached);
        return report;
    }

    /// <summary>Frame of a worker slot; made when the slot is used for the first time.</summary>
    /// <exception cref="ArenaException">There is no memory for it.</exception>
    public Worker AttachWorker(int slot)
    {
        ref readonly ulong entry = ref WorkerTableEntry(slot);
        if (entry != 0) return new Worker(this, slot, ArenaPointer.OfFrame((uint)entry));
        uint frame;
        while (!Allocator.Supply.TryTakeFrame(out frame))
        {
            if (Allocator.Supply.TryGrow() != Errno.OK) throw NoSpaceForWorker(slot);
        }
        ArenaPointer start = ArenaPointer.OfFrame(frame);
        Store.Zero(Arena.TargetBytes(start, Layout.BlockSizeInBytes));
        Store.Zero(Arena.TargetBytes(start + WorkerHeader.CompletionsOffset, WorkerHeader.RecordsSizeInBytes));
        Store.Zero(Arena.TargetBytes(start + WorkerHeader.RequestBufferOffset, Layout.BlockSizeInBytes));
        Table.SetOwner(frame, (ulong)slot, 0);
        Table.SetWord(frame, new FrameWord(FrameState.Used, FrameType.Worker));
        Store.Word(ref Arena.Target<ulong>(WorkerTablePointer(slot)), (ulong)frame);
        return new Worker(this, slot, start);
    }

    /// <summary>Inodes of an instance, over all workers that ever were.</summary>
    public long CountInodes(int instance)
    {
        long count = 0;
        for (int slot = 0; slot < Layout.WorkerSlotCount; slot++)
        {
            ulong frame = WorkerTableEntry(slot);
            if (frame != 0) count += Arena.At<WorkerHeader>(ArenaPointer.OfFrame((uint)frame)).Inodes[instance];
        }
        return count;
    }

    public static int LookupLockOf(InodeNumber inode) => (int)(inode.Value / 2 % LookupLockCount);

    public ref readonly ulong WorkerTableEntry(int slot) => ref Arena.At<ulong>(WorkerTablePointer(slot));

    /// <summary>Start of the frame of a worker slot that has one.</summary>
    public ArenaPointer WorkerFrame(int slot) => ArenaPointer.OfFrame((uint)WorkerTableEntry(slot));

    /// <summary>Header of a worker slot that has a frame.</summary>
    public ref readonly WorkerHeader HeaderOfWorker(int slot) => ref Arena.At<WorkerHeader>(WorkerFrame(slot));

    private bool IsAttached(uint frame)
    {
        for (int slot = 0; slot < Layout.WorkerSlotCount; slot++)
        {
            if (WorkerTableEntry(slot) == frame) return true;
        }
        return false;
    }

    private static ArenaPointer WorkerTablePointer(int slot) =>
        new(Layout.WorkerTableOffset + (ulong)slot * sizeof(ulong));

    private static ArenaException NoSpaceForWorker(int slot) => new(
        ArenaFault.NoSpace,
        $"There is no memory for the journal of worker {slot}.",
        "Make room: delete files, raise --max-size, or give the arena's file system more memory.");
}
