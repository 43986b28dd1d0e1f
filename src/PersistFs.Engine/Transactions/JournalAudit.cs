using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Transactions;

/// <summary>
/// Looks at a journal that some process left, before any of it is acted on: it might come from anywhere.
/// </summary>
internal static class JournalAudit
{
    /// <exception cref="ArenaCorruptException">
    /// An entry speaks of something that no transaction could have changed.
    /// </exception>
    public static void Require(Space space, Journal journal)
    {
        if (journal.UndoCount > WorkerHeader.UndoCapacity || journal.FreeCount > WorkerHeader.FreesCapacity)
            throw new ArenaCorruptException("A journal claims more entries than it has room for.");
        for (int index = 0; index < journal.UndoCount; index++) RequireUndo(space, journal, journal.UndoEntryAt(index));
        if (journal.UndoCount > 0) return;
        for (int index = 0; index < journal.FreeCount; index++)
        {
            FreeEntry entry = journal.FreeEntryAt(index);
            RequirePlace(space, entry.Pointer, entry.Type);
        }
    }

    private static void RequireUndo(Space space, Journal journal, UndoEntry entry)
    {
        switch (entry.Kind)
        {
            case UndoEntry.KindWord:
                if (!MayHoldWord(space, journal, entry.Pointer, entry.Length))
                    throw new ArenaCorruptException(
                        $"A journal would undo {entry.Length} bytes at {entry.Pointer}, which no transaction changes.");
                break;
            case UndoEntry.KindObject:
                RequirePlace(space, entry.Pointer, (BlockType)(byte)entry.Old);
                break;
            case UndoEntry.KindDataFrame:
                RequirePlace(space, entry.Pointer, BlockType.DataFrame);
                break;
            default:
                throw new ArenaCorruptException($"A journal has an undo entry of unknown kind {entry.Kind}.");
        }
    }

    private static void RequirePlace(Space space, ArenaPointer pointer, BlockType type)
    {
        bool isKnown = type == BlockType.DataFrame || SizeClass.IsKnown(type);
        bool isInside = pointer.Value < space.Arena.Length && pointer.Frame >= space.Table.SystemFrameCount;
        if (!isKnown || !isInside)
            throw new ArenaCorruptException($"A journal would free {pointer} as type {(int)type}, which cannot be.");
    }

    /// <summary>
    /// Whether a word lies where transactions store: in blocks, in tables of frame 0, in this worker's counts and
    /// cursors.
    /// </summary>
    private static bool MayHoldWord(Space space, Journal journal, ArenaPointer pointer, int length)
    {
        ulong offset = pointer.Value;
        if (length is not (1 or 2 or 4 or 8) || offset % (ulong)length != 0 || offset >= space.Arena.Length)
        {
            return false;
        }
        if (pointer.Frame == 0) return offset is >= Layout.JournaledAreaStart and < Layout.JournaledAreaEnd;
        ulong counts = journal.Start.Value + WorkerHeader.InodeCountsOffset;
        if (offset >= counts && offset < counts + WorkerHeader.InodeCountsSizeInBytes) return true;
        if (offset >= journal.Start.Value && offset < journal.Start.Value + Layout.FrameSizeInBytes)
            return IsCursor(offset - journal.Start.Value);
        return space.Table.IsInAllocatedBlock(pointer)
            && space.Table.BlockAt(pointer.Frame, pointer.BlockInFrame).Type != BlockType.Data;
    }

    /// <summary>Whether a position in a worker frame is one of those that say how far a request has come.</summary>
    private static bool IsCursor(ulong position)
    {
        if (position == WorkerHeader.ForgottenOffset) return true;
        const ulong End = WorkerHeader.ListingsOffset + WorkerHeader.ListingCount * (ulong)ListingRecord.SizeInBytes;
        return position is >= WorkerHeader.ListingsOffset and < End
            && (position - WorkerHeader.ListingsOffset) % ListingRecord.SizeInBytes
                == ListingRecord.CountedInodesOffset;
    }
}
