using System.Runtime.CompilerServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Transactions;

/// <summary>
/// One worker's journal: what undoes the open transaction, and what a committed one still has to free.
/// </summary>
/// <remarks>
/// INVARIANT: the state word in the arena covers exactly the entries that are complete; an undo entry is covered before
/// the store that it undoes (FORMAT.md, section 6).
/// </remarks>
internal sealed class Journal
{
    private readonly Arena arena;
    private readonly ArenaPointer frame;
    private int undoCount;
    private int freeCount;
    private uint sequence;

    /// <param name="arena">The arena.</param>
    /// <param name="frame">Start of the worker frame.</param>
    public Journal(Arena arena, ArenaPointer frame)
    {
        this.arena = arena;
        this.frame = frame;
        var word = new JournalWord(Header.JournalState);
        undoCount = word.UndoCount;
        freeCount = word.FreeCount;
        sequence = word.Sequence;
    }

    public ref readonly WorkerHeader Header => ref arena.At<WorkerHeader>(frame);

    /// <summary>Entries that recovery or an abort has to undo.</summary>
    public int UndoCount => undoCount;

    /// <summary>The sequence that the next commit will reach.</summary>
    public uint NextCommit => JournalWord.AfterCommit(sequence);

    /// <summary>The sequence reached by the last end of a transaction.</summary>
    public uint Sequence => sequence;

    /// <summary>Things that are to be freed after the commit.</summary>
    public int FreeCount => freeCount;

    public bool HasRoomFor(int undoEntries, int freeEntries) =>
        undoCount + undoEntries <= WorkerHeader.UndoCapacity && freeCount + freeEntries <= WorkerHeader.FreesCapacity;

    /// <summary>Remembers how to take back a store that is about to happen.</summary>
    public void AppendUndo(ulong target, ulong old)
    {
        if (undoCount == WorkerHeader.UndoCapacity) FailFull();
        ref readonly UndoEntry entry = ref UndoAt(undoCount);
        Store.Word(ref Unsafe.AsRef(in entry.Target), target);
        Store.Word(ref Unsafe.AsRef(in entry.Old), old);
        undoCount++;
        StoreState(0);
    }

    /// <summary>Remembers something that is to be freed if the transaction commits.</summary>
    public void AppendFree(ArenaPointer pointer, BlockType type)
    {
        if (freeCount == WorkerHeader.FreesCapacity) FailFull();
        Store.Word(ref Unsafe.AsRef(in FreeAt(freeCount)), new FreeEntry(pointer, type).Value);
        freeCount++;
    }

    /// <summary>First byte of the worker frame.</summary>
    public ArenaPointer Start => frame;

    public UndoEntry UndoEntryAt(int index) => UndoAt(index);

    public UndoEntry LastUndo() => UndoAt(undoCount - 1);

    /// <summary>The last undo entry is done.</summary>
    public void DropUndo()
    {
        // With the last entry the sequence moves on too, so nothing written for this transaction can count for the
        // next.
        if (--undoCount == 0) sequence = JournalWord.AfterAbort(sequence);
        StoreState(0);
    }

    public FreeEntry LastFree() => FreeEntryAt(freeCount - 1);

    public FreeEntry FreeEntryAt(int index) => new(FreeAt(index));

    /// <summary>The last free entry is done.</summary>
    public void DropFree()
    {
        freeCount--;
        StoreState(freeCount);
    }

    /// <summary>The one store that makes the transaction happen.</summary>
    public void Commit()
    {
        undoCount = 0;
        sequence = JournalWord.AfterCommit(sequence);
        StoreState(freeCount);
    }

    /// <summary>Forgets frees that an aborted transaction wanted; they were never valid.</summary>
    public void DiscardFrees() => freeCount = 0;

    private void StoreState(int validFrees) => Store.Word(
        ref Unsafe.AsRef(in Header.JournalState), new JournalWord(undoCount, validFrees, sequence).Value);

    private ref readonly UndoEntry UndoAt(int index) =>
        ref arena.At<UndoEntry>(frame + WorkerHeader.UndoOffset + (ulong)(uint)index * UndoEntry.SizeInBytes);

    private ref readonly ulong FreeAt(int index) =>
        ref arena.At<ulong>(frame + WorkerHeader.FreesOffset + (ulong)(uint)index * FreeEntry.SizeInBytes);

    private static void FailFull() => Environment.FailFast("A transaction is larger than its journal.");
}
