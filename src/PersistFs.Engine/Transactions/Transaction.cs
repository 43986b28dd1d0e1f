using System.Runtime.CompilerServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Transactions;

/// <summary>The only writer: an all-or-nothing change, in place, undone unless committed.</summary>
/// <remarks>
/// Validate, reserve, change, commit. After <see cref="TryReserve"/> nothing refuses. What is stored with
/// <see cref="Set"/> is
/// journaled; what is written with the Fresh methods goes to memory that this transaction allocated and nobody else
/// can reach.
/// </remarks>
internal readonly ref struct Transaction
{
    private readonly Space space;
    private readonly Worker worker;

    public Transaction(Space space, Worker worker)
    {
        this.space = space;
        this.worker = worker;
    }

    public Worker Worker => worker;

    /// <summary>Promises that as many blocks can be allocated. An object costs one at worst.</summary>
    /// <returns>False for ENOSPC.</returns>
    public bool TryReserve(int blocks, SpaceLevel level = SpaceLevel.Ordinary) => worker.TryReserve(blocks, level);

    /// <summary>Stores into a word of the arena that others may read; 1, 2, 4 or 8 bytes.</summary>
    public void Set<T>(ref readonly T field, T value)
        where T : unmanaged
    {
        ArenaPointer pointer = space.Arena.PointerTo(in field);
        int length = Unsafe.SizeOf<T>();
        ulong old = length switch
        {
            sizeof(ulong) => Unsafe.As<T, ulong>(ref Unsafe.AsRef(in field)),
            sizeof(uint) => Unsafe.As<T, uint>(ref Unsafe.AsRef(in field)),
            sizeof(ushort) => Unsafe.As<T, ushort>(ref Unsafe.AsRef(in field)),
            _ => Unsafe.As<T, byte>(ref Unsafe.AsRef(in field)),
        };
        worker.Journal.AppendUndo(UndoEntry.TargetOf(pointer, UndoEntry.KindWord, length), old);
        Store.Word(ref Unsafe.AsRef(in field), value);
    }

    /// <summary>Allocates an object of a slab type. Its bytes are whatever was there before.</summary>
    public ArenaPointer AllocateObject(BlockType slab)
    {
        ArenaPointer pointer = space.Allocator.AllocateObject(worker.Journal, worker.Cursor, slab, out bool tookBlock);
        if (tookBlock) worker.ConsumeReserved();
        return pointer;
    }

    /// <summary>Allocates a block. Its bytes are whatever was there before.</summary>
    public ArenaPointer AllocateBlock(BlockUse use)
    {
        worker.ConsumeReserved();
        return space.Allocator.AllocateBlock(worker.Journal, worker.Cursor, use);
    }

    /// <summary>Allocates a data frame, if one can be had now; never takes from what is reserved.</summary>
    /// <param name="owner">The file it will belong to.</param>
    /// <param name="position">The first file block it will hold, a multiple of 512.</param>
    /// <param name="pointer">The frame's start.</param>
    /// <param name="isZeroed">Whether all its bytes are zero; else they are whatever was there before.</param>
    public bool TryAllocateDataFrame(InodeNumber owner, ulong position, out ArenaPointer pointer, out bool isZeroed)
    {
        pointer = default;
        isZeroed = false;
        if (!space.TryBringFrame()) return false;
        if (!space.Allocator.TryAllocateDataFrame(worker.Journal, owner, position, out uint frame, out isZeroed))
        {
            return false;
        }
        pointer = ArenaPointer.OfFrame(frame);
        return true;
    }

    /// <summary>Frees an object, block or data frame once the transaction has committed.</summary>
    public void Free(ArenaPointer pointer, BlockType type) => worker.Journal.AppendFree(pointer, type);

    /// <summary>Whether the journal can take this many more stores and frees.</summary>
    public bool HasRoomFor(int stores, int frees) => worker.Journal.HasRoomFor(stores, frees);

    /// <summary>Writes a structure to memory that this transaction allocated.</summary>
    public void WriteFresh<T>(ArenaPointer pointer, in T value)
        where T : unmanaged =>
        Store.BulkStructure(ref space.Arena.Target<T>(pointer), in value);

    /// <summary>Writes bytes to memory that this transaction allocated, or overwrites a file's data.</summary>
    public void WriteData(ArenaPointer pointer, ReadOnlySpan<byte> bytes) =>
        Store.Bulk(space.Arena.TargetBytes(pointer, bytes.Length), bytes);

    /// <summary>Zeroes memory that this transaction allocated, or a file's data.</summary>
    public void ZeroData(ArenaPointer pointer, int length)
    {
        if (length > 0) Store.Zero(space.Arena.TargetBytes(pointer, length));
    }

    /// <summary>Takes the lock of a pending list until the end of the transaction.</summary>
    public void HoldPendingList(int list) => worker.HoldPendingList(list);

    /// <summary>Adds to this worker's share of the count of inodes.</summary>
    public void CountInodes(int instance, long difference)
    {
        if ((uint)instance >= Layout.InstanceCount)
        {
            throw new ArenaCorruptException($"An inode belongs to instance {instance}.");
        }
        ref readonly long count = ref worker.Journal.Header.Inodes[instance];
        Set(in count, count + difference);
    }

    /// <summary>
    /// Takes the lock of an inode's lookup word until the end of the transaction; the last lock it takes.
    /// </summary>
    public void HoldLookups(InodeNumber inode) => worker.HoldLookups(inode);

    /// <summary>With this transaction the request in hand is completed; what it answers is no inode.</summary>
    public void Complete() => worker.ReplyCache.Write(worker.Journal, InodeNumber.None, default);

    /// <summary>With this transaction the request in hand is completed.</summary>
    /// <param name="inode">The inode that it found or made.</param>
    /// <param name="record">Its record, which the reply shows as it is now.</param>
    public void Complete(InodeNumber inode, ref readonly InodeRecord record) =>
        worker.ReplyCache.Write(worker.Journal, inode, in record);

    /// <summary>Makes all of it happen by one store, then frees what was to be freed.</summary>
    public void Commit()
    {
        Journal journal = worker.Journal;
        bool completes = worker.ReplyCache.IsPending;
        if (journal.UndoCount > 0 || journal.FreeCount > 0 || completes) journal.Commit();
        if (completes) worker.ReplyCache.Settle();
        while (journal.FreeCount > 0) space.Allocator.FinishFree(journal);
        worker.End();
    }

    /// <summary>Undoes what was not committed, newest store first.</summary>
    public void Dispose()
    {
        if (!worker.IsOpen) return;
        Journal journal = worker.Journal;
        journal.DiscardFrees();
        while (journal.UndoCount > 0) UndoStep.TakeBack(space, journal);
        worker.End();
    }
}
