using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Contents;

/// <summary>Contents written, resized and freed.</summary>
internal readonly ref partial struct FileContents
{
    /// <summary>Stores the target of a symbolic link that this transaction makes. Costs one block at worst.</summary>
    /// <param name="transaction">Has made the inode, without contents so far.</param>
    /// <param name="target">1 to 4095 bytes.</param>
    public void StoreTarget(Transaction transaction, ReadOnlySpan<byte> target)
    {
        if (target.Length <= SizeClass.ObjectSizeMax)
        {
            transaction.WriteData(Packed.Repack(transaction, target.Length), target);
        }
        else
        {
            transaction.WriteData(Mapped.AllocateInto(transaction, 0), target);
            InodeChange.AddBlocks(transaction, in record, 1);
        }
        InodeChange.SetSize(transaction, in record, (ulong)target.Length);
    }

    /// <summary>Writes bytes, reserving what they cost. The caller stores the size and commits.</summary>
    /// <param name="transaction">Has reserved nothing for it.</param>
    /// <param name="offset">The first byte's position.</param>
    /// <param name="data">The bytes.</param>
    /// <param name="level">Which blocks may be taken.</param>
    /// <param name="isPastEnd">
    /// Whether bytes were left out that <see cref="Overwrite"/> is to bring after the commit.
    /// </param>
    /// <returns>ENOSPC, before anything has changed.</returns>
    public Errno Write(
        Transaction transaction, ulong offset, ReadOnlySpan<byte> data, SpaceLevel level, out bool isPastEnd)
    {
        isPastEnd = false;
        ulong size = Math.Max(record.Size, offset + (ulong)data.Length);
        if (Kind != ContentsKind.Mapped && size <= SizeClass.ObjectSizeMax)
        {
            return Packed.Write(transaction, (int)offset, data, (int)size, level);
        }
        ExtentMap map = Mapped.Map;
        bool isPacked = Kind == ContentsKind.Packed;
        ulong first = offset >> Layout.BlockSizeLog2;
        ulong end = InodeChange.BlocksOf(offset + (ulong)data.Length);
        int cost = (int)map.CountHoles(first, end);
        if (cost > 0) cost += map.NodesToFill(first, end);
        if (isPacked && first > 0) cost += 1 + MapShape.Covering(end - 1).Height;
        if (!transaction.TryReserve(cost, level)) return Errno.ENOSPC;
        if (isPacked) Unpack(transaction);
        if (cost > 0) map.Cover(transaction, end - 1);
        Mapped.ZeroTail(transaction, record.Size, offset);
        Mapped.Fill(transaction, offset, data, out isPastEnd);
        return Errno.OK;
    }

    /// <summary>Brings the bytes of a write, in a transaction of their own, to blocks within the size.</summary>
    public void Overwrite(Worker worker, ulong offset, ReadOnlySpan<byte> data) =>
        Mapped.Overwrite(worker, offset, data);

    /// <summary>Raises the size; what is added reads as zero.</summary>
    /// <returns>ENOSPC, before anything has changed.</returns>
    public Errno Grow(Transaction transaction, ulong size)
    {
        ContentsKind kind = Kind;
        if (kind == ContentsKind.Mapped) Mapped.ZeroTail(transaction, record.Size, size);
        if (kind == ContentsKind.Packed)
        {
            bool fits = size <= (ulong)Packed.Capacity;
            if (!fits && !transaction.TryReserve(1)) return Errno.ENOSPC;
            if (size > SizeClass.ObjectSizeMax) Unpack(transaction);
            else Packed.Grow(transaction, (int)size, fits);
        }
        InodeChange.SetSize(transaction, in record, size);
        return Errno.OK;
    }

    /// <summary>Frees what lies wholly past the size, as much as one transaction may.</summary>
    /// <returns>False if more is left.</returns>
    public bool RemovePast(Transaction transaction)
    {
        if (Kind != ContentsKind.Packed)
            return Mapped.Remove(transaction, InodeChange.BlocksOf(record.Size), ulong.MaxValue);
        if (record.Size == 0) Packed.Free(transaction);
        return true;
    }

    /// <summary>Frees whole blocks, as many as one transaction may, from the range's end backwards.</summary>
    /// <returns>False if some are left.</returns>
    public bool RemoveBlocks(Transaction transaction, ulong first, ulong end) =>
        Mapped.Remove(transaction, first, end);

    /// <summary>Zeroes what has memory in a range within the size.</summary>
    public void Zero(Transaction transaction, ulong offset, ulong end)
    {
        if (Kind == ContentsKind.Packed) Packed.Zero(transaction, offset, end);
        else Mapped.Zero(transaction, offset, end);
    }

    /// <summary>
    /// Fills the holes of a range with zeroed blocks and frames, in bounded transactions, and stores the size.
    /// </summary>
    /// <param name="worker">The calling thread's worker; it has no transaction open.</param>
    /// <param name="offset">The range's first byte.</param>
    /// <param name="end">The byte behind the range.</param>
    /// <param name="size">The size afterwards, no less than the present one.</param>
    /// <returns>ENOSPC; what was filled before stays.</returns>
    public Errno Provide(Worker worker, ulong offset, ulong end, ulong size)
    {
        bool isPackable = size <= SizeClass.ObjectSizeMax && end <= size;
        if (Kind != ContentsKind.Mapped && isPackable) return ProvidePacked(worker, (int)size);
        if (Kind == ContentsKind.Packed)
        {
            using Transaction transaction = worker.Begin();
            if (!transaction.TryReserve(1)) return Errno.ENOSPC;
            Unpack(transaction);
            transaction.Commit();
        }
        ExtentMap map = Mapped.Map;
        ulong behind = InodeChange.BlocksOf(end);
        ulong block = offset >> Layout.BlockSizeLog2;
        while (block < behind && (block = map.NextHole(block)) < behind)
        {
            Errno error = Mapped.ProvideStep(worker, ref block, behind);
            if (error != Errno.OK) return error;
        }
        using Transaction last = worker.Begin();
        Mapped.ZeroTail(last, record.Size, size);
        InodeChange.NoteChange(last, in record, isModified: size != record.Size);
        InodeChange.SetSize(last, in record, size);
        last.Commit();
        return Errno.OK;
    }

    private Errno ProvidePacked(Worker worker, int size)
    {
        using Transaction transaction = worker.Begin();
        bool fits = size <= Packed.Capacity;
        if (!fits && !transaction.TryReserve(1)) return Errno.ENOSPC;
        Packed.Grow(transaction, size, fits);
        InodeChange.NoteChange(transaction, in record, isModified: (ulong)size != record.Size);
        InodeChange.SetSize(transaction, in record, (ulong)size);
        transaction.Commit();
        return Errno.OK;
    }

    /// <summary>
    /// Turns packed contents into a map of one block, whose bytes behind the size are zero. Costs one block.
    /// </summary>
    private void Unpack(Transaction transaction)
    {
        ArenaPointer pointer = transaction.AllocateBlock(BlockUse.Of(BlockType.Data, inode, 0, 0));
        Packed.Unpack(transaction, pointer);
        Mapped.Map.InsertBlock(transaction, 0, pointer);
    }
}
