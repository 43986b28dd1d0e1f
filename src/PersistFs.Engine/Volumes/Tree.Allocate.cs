using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Room allocated ahead, holes punched, ranges zeroed: fallocate(2).</summary>
/// <remarks>
/// Large ranges are several transactions; each leaves the file whole, and what they allocate reads as zero.
/// </remarks>
public sealed partial class Tree
{
    private const FallocateMode Punch = FallocateMode.PunchHole | FallocateMode.KeepSize;

    /// <summary>fallocate(2).</summary>
    /// <param name="worker">The calling thread's worker.</param>
    /// <param name="inode">A regular file.</param>
    /// <param name="offset">The range's first byte.</param>
    /// <param name="length">Its length in bytes, at least 1.</param>
    /// <param name="mode">What is to happen to it.</param>
    /// <param name="caller">Who asks: another than root ends set-id bits and capabilities.</param>
    /// <returns>
    /// EOPNOTSUPP for another mode; EINVAL for no length; EFBIG past <see cref="FileSizeMax"/>; ENOSPC, before anything
    /// has changed if it can be known; EPERM for an immutable file, and for an append-only one unless room is
    /// allocated; EROFS, ESTALE, EISDIR.
    /// </returns>
    public Errno Allocate(
        Worker worker, InodeNumber inode, ulong offset, ulong length, FallocateMode mode,
        in Credentials caller = default)
    {
        bool isZeroing = (mode & ~FallocateMode.KeepSize) == FallocateMode.ZeroRange;
        bool isPlain = (mode & ~FallocateMode.KeepSize) == FallocateMode.Allocate;
        if (!isZeroing && !isPlain && mode != Punch) return Errno.EOPNOTSUPP;
        if (length == 0) return Errno.EINVAL;
        if (offset > FileSizeMax || length > FileSizeMax - offset) return Errno.EFBIG;
        using InodeGuard guard = locks.Own(worker, inode);
        Errno error = OpenForChange(worker, inode);
        if (error != Errno.OK) return error;
        ref readonly InodeRecord record = ref inodes.At(inode);
        if ((record.Flags & (isPlain ? InodeFlags.Immutable : InodeFlags.Fixed)) != 0) return Errno.EPERM;
        EndPrivileges(worker, inode, in record, in caller);
        ulong end = offset + length;
        if (mode == Punch)
        {
            PunchHole(worker, inode, in record, offset, end);
            return Errno.OK;
        }
        ulong free = (ulong)space.FreeBlocks;
        ulong missing = MapOf(inode, in record).CountHoles(offset >> Layout.BlockSizeLog2, BlocksOf(end), free + 1);
        if (missing > free && KindOf(in record) != ContentsKind.Packed) return Errno.ENOSPC;
        if (isZeroing) ZeroExisting(worker, inode, in record, offset, end);
        return Provide(worker, inode, in record, offset, end, (mode & FallocateMode.KeepSize) != 0);
    }

    /// <summary>Frees the blocks and frames wholly within a range and zeroes the rest of it.</summary>
    private void PunchHole(Worker worker, InodeNumber inode, ref readonly InodeRecord record, ulong offset, ulong end)
    {
        ulong first = BlocksOf(offset);
        ulong behind = end >> Layout.BlockSizeLog2;
        // Of the last block, what lies behind the size is nothing that has to stay.
        if (end >= record.Size) behind = Math.Max(behind, BlocksOf(record.Size));
        bool isFinished = first >= behind || KindOf(in record) != ContentsKind.Mapped;
        while (!isFinished)
        {
            using Transaction transaction = worker.Begin();
            isFinished = RemoveBlocks(transaction, inode, in record, first, behind);
            NoteChange(transaction, in record);
            transaction.Commit();
        }
        ZeroExisting(worker, inode, in record, offset, end);
    }

    /// <summary>Zeroes what has memory in a range, as far as the size reaches.</summary>
    private void ZeroExisting(
        Worker worker, InodeNumber inode, ref readonly InodeRecord record, ulong offset, ulong end)
    {
        using Transaction transaction = worker.Begin();
        end = Math.Min(end, record.Size);
        if (KindOf(in record) == ContentsKind.Packed)
        {
            _ = PackedContents.RequireSlab(space, in record);
            if (offset < end) transaction.ZeroData(new ArenaPointer(record.Contents) + offset, (int)(end - offset));
        }
        else
        {
            ZeroMapped(transaction, MapOf(inode, in record), offset, end);
        }
        NoteChange(transaction, in record);
        transaction.Commit();
    }

    private static void ZeroMapped(Transaction transaction, ExtentMap map, ulong offset, ulong end)
    {
        ulong behind = BlocksOf(end);
        ulong block = offset >> Layout.BlockSizeLog2;
        while (block < behind && (block = map.NextData(block)) < behind)
        {
            Extent extent = map.Find(block, behind - block);
            ulong start = block << Layout.BlockSizeLog2;
            ulong from = Math.Max(offset, start);
            ulong to = Math.Min(end, start + (extent.BlockCount << Layout.BlockSizeLog2));
            if (from < to) transaction.ZeroData(extent.Pointer + (from - start), (int)(to - from));
            block += extent.BlockCount;
        }
    }

    /// <summary>
    /// Fills the holes of a range with zeroed blocks and frames, and lets the size grow over it unless it is to stay.
    /// </summary>
    private Errno Provide(
        Worker worker, InodeNumber inode, ref readonly InodeRecord record, ulong offset, ulong end, bool keepsSize)
    {
        ulong size = keepsSize ? record.Size : Math.Max(record.Size, end);
        bool isPackable = size <= SizeClass.ObjectSizeMax && end <= size;
        if (KindOf(in record) != ContentsKind.Mapped && isPackable) return ProvidePacked(worker, in record, (int)size);
        if (KindOf(in record) == ContentsKind.Packed)
        {
            using Transaction transaction = worker.Begin();
            if (!transaction.TryReserve(1)) return Errno.ENOSPC;
            Unpack(transaction, inode, in record);
            transaction.Commit();
        }
        ExtentMap map = MapOf(inode, in record);
        ulong behind = BlocksOf(end);
        ulong block = offset >> Layout.BlockSizeLog2;
        while (block < behind && (block = map.NextHole(block)) < behind)
        {
            Errno error = ProvideStep(worker, inode, in record, ref block, behind);
            if (error != Errno.OK) return error;
        }
        using Transaction last = worker.Begin();
        ZeroTail(last, map, record.Size, size);
        NoteChange(last, in record, isModified: size != record.Size);
        SetSize(last, in record, size);
        last.Commit();
        return Errno.OK;
    }

    private Errno ProvidePacked(Worker worker, ref readonly InodeRecord record, int size)
    {
        using Transaction transaction = worker.Begin();
        bool fits = size <= PackedCapacity(in record);
        if (!fits && !transaction.TryReserve(1)) return Errno.ENOSPC;
        GrowPacked(transaction, in record, size, fits);
        NoteChange(transaction, in record, isModified: (ulong)size != record.Size);
        SetSize(transaction, in record, (ulong)size);
        transaction.Commit();
        return Errno.OK;
    }

    /// <summary>
    /// Fills the hole at <paramref name="block"/> by a frame, or the holes in its leaf by blocks; one transaction.
    /// </summary>
    private Errno ProvideStep(
        Worker worker, InodeNumber inode, ref readonly InodeRecord record, ref ulong block, ulong behind)
    {
        ExtentMap map = MapOf(inode, in record);
        ulong inFrame = block % Layout.BlocksPerFrame;
        ulong end = Math.Min(behind, block - inFrame + Layout.BlocksPerFrame);
        using Transaction transaction = worker.Begin();
        int nodes = map.NodesToFill(block, end);
        if (!transaction.TryReserve(nodes)) return Errno.ENOSPC;
        if (end - block == Layout.BlocksPerFrame && map.IsFrameFree(block)
            && TryAllocateFrameInto(transaction, map, inode, block, out ArenaPointer frame, out bool isZeroed))
        {
            if (!isZeroed) transaction.ZeroData(frame, Layout.FrameSizeInBytes);
            AddBlocks(transaction, in record, Layout.BlocksPerFrame);
            block = end;
            transaction.Commit();
            return Errno.OK;
        }
        ulong missing = map.CountHoles(block, end);
        if (!transaction.TryReserve((int)missing)) return Errno.ENOSPC;
        map.Cover(transaction, end - 1);
        for (; block < end; block++)
        {
            if (!map.Find(block, 1).IsHole) continue;
            transaction.ZeroData(AllocateInto(transaction, map, inode, block), Layout.BlockSizeInBytes);
        }
        AddBlocks(transaction, in record, missing);
        transaction.Commit();
        return Errno.OK;
    }
}
