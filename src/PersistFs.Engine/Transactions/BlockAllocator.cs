using System.Numerics;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Transactions;

/// <summary>Finds room for objects, blocks and data frames, and takes it back.</summary>
/// <remarks>
/// Every allocation is journaled under the frame's lock before its bits are set; every free lowers the journal's
/// count under the same lock. So an entry that recovery may still act on never speaks of what others have
/// allocated since.
/// </remarks>
internal sealed class BlockAllocator
{
    /// <summary>Frames looked through for a partly filled slab before a new slab is made.</summary>
    private const int SlabSearchFramesMax = 8;

    /// <summary>
    /// Frames whose hints are looked at for that; the next search goes on from there, so it gets round in the end.
    /// </summary>
    private const int SlabSearchHintsMax = 512;

    private readonly FrameTable table;
    private readonly FrameHints hints;
    private readonly FrameSupply supply;
    private uint frameEnd;

    public BlockAllocator(FrameTable table, FrameSupply supply)
    {
        this.table = table;
        this.supply = supply;
        hints = new FrameHints(table.FrameCount);
    }

    public FrameSupply Supply => supply;

    /// <summary>Reads the frame table once and learns where there is room.</summary>
    /// <param name="isAttached">
    /// Whether a worker frame is in the worker table; if not, its making was cut short.
    /// </param>
    public void Load(Predicate<uint> isAttached)
    {
        supply.Clear();
        for (uint frame = table.SystemFrameCount; frame < table.FrameCount; frame++)
        {
            hints.SetFreeBlocks(frame, 0);
            if (!table.HasDescriptor(frame))
            {
                supply.NoteAbsent(table.FrameCount - frame);
                return;
            }
            LoadFrame(frame, isAttached);
        }
    }

    /// <summary>Allocates a whole block. The transaction has reserved it.</summary>
    public ArenaPointer AllocateBlock(Journal journal, AllocationCursor cursor, BlockUse use)
    {
        while (true)
        {
            uint frame = cursor.Frame;
            if (frame != 0 && hints.FreeBlocks(frame) > 0)
            {
                hints.Enter(frame);
                ArenaPointer pointer = TakeBlock(journal, cursor, use);
                hints.Exit(frame);
                if (!pointer.IsNull) return pointer;
            }
            FindFrame(cursor);
        }
    }

    /// <summary>Allocates an object of a slab.</summary>
    /// <param name="journal">Where it is noted first.</param>
    /// <param name="cursor">Where to look first.</param>
    /// <param name="slab">The slab's type.</param>
    /// <param name="tookBlock">Whether one of the reserved blocks became a new slab.</param>
    public ArenaPointer AllocateObject(Journal journal, AllocationCursor cursor, BlockType slab, out bool tookBlock)
    {
        tookBlock = false;
        int classIndex = SizeClass.IndexOf(slab);
        ref ArenaPointer current = ref cursor.Slab(classIndex);
        if (!current.IsNull && TryTakeObject(journal, current, slab, out ArenaPointer pointer)) return pointer;
        if (TryFindSlab(cursor, slab, out current) && TryTakeObject(journal, current, slab, out pointer))
        {
            return pointer;
        }
        tookBlock = true;
        current = AllocateBlock(journal, cursor, BlockUse.Slab(slab));
        return current;
    }

    /// <summary>Allocates a data frame if one is free; blocks do as well, so nothing is lost if not.</summary>
    public bool TryAllocateDataFrame(
        Journal journal, InodeNumber owner, ulong position, out uint frame, out bool isZeroed)
    {
        isZeroed = false;
        if (!supply.TryTakeFrame(out frame)) return false;
        hints.Enter(frame);
        isZeroed = table.WordOf(frame).IsZeroed;
        journal.AppendUndo(UndoEntry.TargetOf(ArenaPointer.OfFrame(frame), UndoEntry.KindDataFrame), 0);
        table.SetOwner(frame, owner.Value, position);
        table.SetWord(frame, new FrameWord(FrameState.Used, FrameType.Data));
        hints.Exit(frame);
        return true;
    }

    /// <summary>Carries out the journal's last free entry.</summary>
    public void FinishFree(Journal journal)
    {
        FreeEntry entry = journal.LastFree();
        uint frame = entry.Pointer.Frame;
        hints.Enter(frame);
        ReleaseOutcome outcome = table.Release(entry.Pointer, entry.Type);
        journal.DropFree();
        Account(frame, entry.Type, outcome);
        hints.Exit(frame);
    }

    /// <summary>Takes back the allocation that the journal's last undo entry notes.</summary>
    public void UndoAllocation(Journal journal, ArenaPointer pointer, BlockType type)
    {
        hints.Enter(pointer.Frame);
        ReleaseOutcome outcome = table.Release(pointer, type);
        journal.DropUndo();
        Account(pointer.Frame, type, outcome);
        hints.Exit(pointer.Frame);
    }

    private void LoadFrame(uint frame, Predicate<uint> isAttached)
    {
        FrameWord word = table.WordOf(frame);
        switch (word.State)
        {
            case FrameState.Free:
                supply.Push(frame);
                supply.Give(Layout.UsableBlocksPerFrame);
                break;
            case FrameState.Used when word.Type == FrameType.Blocks:
                int free = table.CountFreeBlocks(frame);
                supply.Give(free);
                NoteBlocksFrame(frame, free);
                hints.SetAllPartial(frame, true);
                if (table.ReleaseIfEmpty(frame) == ReleaseOutcome.Nothing) break;
                hints.SetFreeBlocks(frame, 0);
                supply.Push(frame);
                break;
            case FrameState.Used when word.Type == FrameType.Worker && !isAttached(frame):
                table.SetWord(frame, new FrameWord(FrameState.Free));
                supply.Push(frame);
                supply.Give(Layout.UsableBlocksPerFrame);
                break;
            case FrameState.Used:
                break;
            default:
                if (word.State != FrameState.Absent) supply.ReleaseStray(frame);
                supply.NoteAbsent(1);
                break;
        }
    }

    private ArenaPointer TakeBlock(Journal journal, AllocationCursor cursor, BlockUse use)
    {
        uint frame = cursor.Frame;
        int free = hints.FreeBlocks(frame);
        if (free == 0) return ArenaPointer.Null;
        int block = table.FindFreeBlock(frame, cursor.Block);
        ArenaPointer pointer = ArenaPointer.OfBlock(frame, block);
        journal.AppendUndo(UndoEntry.TargetOf(pointer, UndoEntry.KindObject), (ulong)use.Type);
        table.TakeBlock(frame, block, use);
        if (SizeClass.IsSlab(use.Type)) table.TakeObject(frame, block, 0);
        hints.SetFreeBlocks(frame, free - 1);
        cursor.Block = block;
        return pointer;
    }

    private bool TryTakeObject(Journal journal, ArenaPointer slab, BlockType type, out ArenaPointer pointer)
    {
        uint frame = slab.Frame;
        int block = slab.BlockInFrame;
        pointer = default;
        hints.Enter(frame);
        bool isSlab = table.WordOf(frame).IsUsed(FrameType.Blocks) && table.IsBlockAllocated(frame, block)
            && table.BlockAt(frame, block).Type == type;
        ulong objects = isSlab ? table.BlockAt(frame, block).Objects : ulong.MaxValue;
        bool hasRoom = isSlab && objects != SizeClass.FullBitmap(type);
        if (hasRoom)
        {
            int index = BitOperations.TrailingZeroCount(~objects);
            pointer = slab + (ulong)(uint)(index * SizeClass.ObjectSize(type));
            journal.AppendUndo(UndoEntry.TargetOf(pointer, UndoEntry.KindObject), (ulong)type);
            table.TakeObject(frame, block, index);
        }
        hints.Exit(frame);
        return hasRoom;
    }

    private bool TryFindSlab(AllocationCursor cursor, BlockType type, out ArenaPointer slab)
    {
        int classIndex = SizeClass.IndexOf(type);
        ref uint search = ref cursor.SlabSearch(classIndex);
        uint end = Volatile.Read(ref frameEnd);
        int searched = 0;
        uint steps = Math.Min(end, SlabSearchHintsMax);
        for (uint step = 0; step < steps && searched < SlabSearchFramesMax; step++)
        {
            if (search >= end) search = 0;
            if (hints.MayHavePartial(search, classIndex))
            {
                searched++;
                if (TryFindSlabIn(search, type, out slab)) return true;
            }
            search++;
        }
        slab = default;
        return false;
    }

    private bool TryFindSlabIn(uint frame, BlockType type, out ArenaPointer slab)
    {
        slab = default;
        hints.Enter(frame);
        if (table.WordOf(frame).IsUsed(FrameType.Blocks))
        {
            ulong full = SizeClass.FullBitmap(type);
            for (int block = Layout.DescriptorBlocksPerFrame; block < Layout.BlocksPerFrame && slab.IsNull; block++)
            {
                ref readonly BlockDescriptor descriptor = ref table.BlockAt(frame, block);
                if (descriptor.TypeWord == (ulong)type && descriptor.Objects != full
                    && table.IsBlockAllocated(frame, block))
                    slab = ArenaPointer.OfBlock(frame, block);
            }
        }
        if (slab.IsNull) hints.SetPartial(frame, SizeClass.IndexOf(type), false);
        hints.Exit(frame);
        return !slab.IsNull;
    }

    /// <summary>Points the cursor at a frame with free blocks: one that is in use already, else a free one.</summary>
    private void FindFrame(AllocationCursor cursor)
    {
        cursor.Block = 0;
        if (hints.TryFindFreeBlocks(cursor.FrameSearch + 1, out uint frame))
        {
            cursor.FrameSearch = frame;
            cursor.Frame = frame;
            return;
        }
        if (!supply.TryPop(out frame)) return;
        hints.Enter(frame);
        table.MakeBlocksFrame(frame);
        NoteBlocksFrame(frame, Layout.UsableBlocksPerFrame);
        hints.SetAllPartial(frame, false);
        hints.Exit(frame);
        cursor.Frame = frame;
    }

    private void NoteBlocksFrame(uint frame, int free)
    {
        hints.SetFreeBlocks(frame, free);
        uint end = Volatile.Read(ref frameEnd);
        while (frame >= end)
        {
            uint seen = Interlocked.CompareExchange(ref frameEnd, frame + 1, end);
            if (seen == end) return;
            end = seen;
        }
    }

    private void Account(uint frame, BlockType type, ReleaseOutcome outcome)
    {
        switch (outcome)
        {
            case ReleaseOutcome.Object:
                hints.SetPartial(frame, SizeClass.IndexOf(type), true);
                break;
            case ReleaseOutcome.Block:
                hints.SetFreeBlocks(frame, hints.FreeBlocks(frame) + 1);
                supply.Give(1);
                break;
            case ReleaseOutcome.BlockAndFrame:
                hints.SetFreeBlocks(frame, 0);
                supply.Push(frame);
                supply.Give(1);
                break;
            case ReleaseOutcome.DataFrame:
                supply.Push(frame);
                supply.Give(Layout.UsableBlocksPerFrame);
                break;
            default:
                break;
        }
    }
}
