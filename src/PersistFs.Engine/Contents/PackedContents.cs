using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Contents;

/// <summary>Short contents in one object (FORMAT.md, section 8): small files, targets of symbolic links.</summary>
/// <remarks>
/// A view that keeps nothing beside the record. <see cref="FileContents"/> makes one where the contents are packed, or
/// are none and short enough to become so.
/// </remarks>
internal readonly ref struct PackedContents
{
    private readonly Space space;
    private readonly ref readonly InodeRecord record;

    /// <param name="space">The arena.</param>
    /// <param name="record">The file's record, in the arena.</param>
    public PackedContents(Space space, ref readonly InodeRecord record)
    {
        this.space = space;
        this.record = ref record;
    }

    /// <summary>Bytes that the object holds; 0 where there is none.</summary>
    public int Capacity => IsThere ? SizeClass.ObjectSize(RequireSlab()) : 0;

    private bool IsThere => new ContentsWord(record.ContentsWord).Kind == ContentsKind.Packed;

    private ArenaPointer Start => new(record.Contents);

    /// <summary>Where a byte within the size lies.</summary>
    public ArenaPointer Find(ulong offset)
    {
        _ = RequireSlab();
        return Start + offset;
    }

    /// <summary>Writes bytes; <paramref name="size"/> is the size afterwards, which the caller stores.</summary>
    /// <returns>ENOSPC.</returns>
    public Errno Write(Transaction transaction, int offset, ReadOnlySpan<byte> data, int size, SpaceLevel level)
    {
        ArenaPointer pointer = Start;
        if (size > Capacity)
        {
            if (!transaction.TryReserve(1, level)) return Errno.ENOSPC;
            pointer = Repack(transaction, size);
        }
        transaction.ZeroData(pointer + record.Size, offset - (int)record.Size);
        transaction.WriteData(pointer + (ulong)offset, data);
        return Errno.OK;
    }

    /// <summary>Zeroes what is between the present size and a new one, which the caller stores.</summary>
    /// <param name="transaction">Has reserved a block if the new size is over <see cref="Capacity"/>.</param>
    /// <param name="size">The new size, 1 to 2048.</param>
    /// <param name="fits">Whether it is within <see cref="Capacity"/>.</param>
    public void Grow(Transaction transaction, int size, bool fits)
    {
        ArenaPointer pointer = fits ? Start : Repack(transaction, size);
        transaction.ZeroData(pointer + record.Size, size - (int)record.Size);
    }

    /// <summary>Zeroes a range within the size.</summary>
    public void Zero(Transaction transaction, ulong offset, ulong end)
    {
        _ = RequireSlab();
        if (offset < end) transaction.ZeroData(Start + offset, (int)(end - offset));
    }

    /// <summary>Frees the object.</summary>
    public void Free(Transaction transaction)
    {
        transaction.Free(Start, RequireSlab());
        transaction.Set(in record.Contents, 0UL);
        transaction.Set(
            in record.ContentsWord, new ContentsWord(record.ContentsWord).WithShape(ContentsKind.None).Value);
        transaction.Set(in record.BlockCount, 0UL);
    }

    /// <summary>Moves contents, or none, to a new object. Costs one block at worst.</summary>
    /// <param name="transaction">Frees the old object at its commit.</param>
    /// <param name="capacity">Bytes that the object is to hold, 1 to 2048.</param>
    /// <returns>The object: bytes up to the size are as before, those behind it are anything.</returns>
    public ArenaPointer Repack(Transaction transaction, int capacity)
    {
        ArenaPointer pointer = transaction.AllocateObject(SizeClass.Holding(capacity));
        if (IsThere)
        {
            MoveOut(transaction, pointer);
        }
        else
        {
            transaction.ZeroData(pointer, (int)record.Size);
            InodeChange.AddBlocks(transaction, in record, 1);
        }
        transaction.Set(in record.Contents, pointer.Value);
        ContentsWord word = new ContentsWord(record.ContentsWord).WithShape(ContentsKind.Packed);
        if (record.ContentsWord != word.Value) transaction.Set(in record.ContentsWord, word.Value);
        return pointer;
    }

    /// <summary>Moves the bytes to a block, zeroes the rest of it and leaves the file without contents.</summary>
    public void Unpack(Transaction transaction, ArenaPointer block)
    {
        MoveOut(transaction, block);
        transaction.ZeroData(block + record.Size, Layout.BlockSizeInBytes - (int)record.Size);
        transaction.Set(in record.Contents, 0UL);
        transaction.Set(
            in record.ContentsWord, new ContentsWord(record.ContentsWord).WithShape(ContentsKind.None).Value);
    }

    /// <summary>Copies the bytes elsewhere and frees their object.</summary>
    private void MoveOut(Transaction transaction, ArenaPointer target)
    {
        BlockType slab = RequireSlab();
        ArenaPointer source = Start;
        transaction.WriteData(target, space.Arena.Bytes(source, (int)record.Size));
        transaction.Free(source, slab);
    }

    /// <summary>The slab type of the object; its objects hold at least the file's size.</summary>
    /// <exception cref="ArenaCorruptException">There is no such object.</exception>
    private BlockType RequireSlab()
    {
        FrameTable table = space.Table;
        ArenaPointer pointer = Start;
        if (table.IsInAllocatedBlock(pointer))
        {
            BlockType slab = table.BlockAt(pointer.Frame, pointer.BlockInFrame).Type;
            bool isObject = slab is >= BlockType.FirstSlab and <= BlockType.LastSlab && table.IsObject(pointer, slab);
            if (isObject && record.Size <= (ulong)SizeClass.ObjectSize(slab)) return slab;
        }
        throw new ArenaCorruptException($"Packed contents are not at {pointer}.");
    }
}
