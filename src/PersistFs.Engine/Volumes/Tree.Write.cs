using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Bytes written: write(2), pwrite(2), and pages that the kernel writes back.</summary>
public sealed partial class Tree
{
    /// <summary>A longer write is several transactions, each of which is whole.</summary>
    public const int WriteStepBytesMax = 1024 * 1024;

    /// <summary>A file that grows past this many blocks (8 MiB) by appending gets data frames.</summary>
    private const ulong AppendFramesFrom = 8 * 1024 * 1024 / Layout.BlockSizeInBytes;

    /// <summary>
    /// Writes bytes; the file grows where they reach past its end, and what is skipped reads as zero.
    /// </summary>
    /// <param name="worker">The calling thread's worker.</param>
    /// <param name="inode">A regular file.</param>
    /// <param name="offset">The first byte's position.</param>
    /// <param name="data">The bytes. Up to <see cref="WriteStepBytesMax"/> of them are one transaction.</param>
    /// <param name="options">Who asks.</param>
    /// <returns>
    /// ENOSPC with nothing changed but whole steps; EFBIG past <see cref="FileSizeMax"/>; EPERM for an immutable file,
    /// and for an append-only one before its end; EROFS, ESTALE, EISDIR, EINVAL.
    /// </returns>
    public Errno Write(
        Worker worker, InodeNumber inode, ulong offset, ReadOnlySpan<byte> data, in WriteOptions options = default)
    {
        using InodeGuard guard = locks.Own(worker, inode);
        Errno error = OpenForChange(worker, inode);
        if (error != Errno.OK) return error;
        ref readonly InodeRecord record = ref inodes.At(inode);
        error = RequireWritable(in record, offset, (ulong)data.Length, in options);
        while (error == Errno.OK && !data.IsEmpty)
        {
            int length = Math.Min(data.Length, WriteStepBytesMax);
            error = WriteStep(worker, inode, in record, offset, data[..length], in options);
            offset += (ulong)length;
            data = data[length..];
        }
        return error;
    }

    private static Errno RequireWritable(
        ref readonly InodeRecord record, ulong offset, ulong length, in WriteOptions options)
    {
        if (offset > FileSizeMax || length > FileSizeMax - offset) return Errno.EFBIG;
        if (options.IsAcknowledged) return Errno.OK;
        if ((record.Flags & InodeFlags.Immutable) != 0) return Errno.EPERM;
        bool isOver = offset < record.Size && !options.IsRepeated;
        return (record.Flags & InodeFlags.AppendOnly) != 0 && isOver ? Errno.EPERM : Errno.OK;
    }

    private Errno WriteStep(
        Worker worker, InodeNumber inode, ref readonly InodeRecord record, ulong offset, ReadOnlySpan<byte> data,
        in WriteOptions options)
    {
        ulong size = Math.Max(record.Size, offset + (ulong)data.Length);
        return KindOf(in record) != ContentsKind.Mapped && size <= SizeClass.ObjectSizeMax
            ? WritePacked(worker, inode, in record, (int)offset, data, (int)size, in options)
            : WriteMapped(worker, inode, in record, offset, data, size, in options);
    }

    private Errno WritePacked(
        Worker worker, InodeNumber inode, ref readonly InodeRecord record, int offset, ReadOnlySpan<byte> data,
        int size, in WriteOptions options)
    {
        using Transaction transaction = worker.Begin();
        var pointer = new ArenaPointer(record.Contents);
        if (size > PackedCapacity(in record))
        {
            if (!transaction.TryReserve(1, LevelOf(in options))) return Errno.ENOSPC;
            pointer = Repack(transaction, in record, size);
        }
        transaction.ZeroData(pointer + record.Size, offset - (int)record.Size);
        transaction.WriteData(pointer + (ulong)offset, data);
        FinishWrite(transaction, inode, in record, (ulong)size, in options);
        return Errno.OK;
    }

    private Errno WriteMapped(
        Worker worker, InodeNumber inode, ref readonly InodeRecord record, ulong offset, ReadOnlySpan<byte> data,
        ulong size, in WriteOptions options)
    {
        ExtentMap map = MapOf(inode, in record);
        bool isPacked = KindOf(in record) == ContentsKind.Packed;
        ulong first = offset >> Layout.BlockSizeLog2;
        ulong end = BlocksOf(offset + (ulong)data.Length);
        int cost = (int)map.CountHoles(first, end);
        if (cost > 0) cost += map.NodesToFill(first, end);
        if (isPacked && first > 0) cost += 1 + MapShape.Covering(end - 1).Height;
        ulong oldSize = record.Size;
        bool isPastEnd;
        using (Transaction transaction = worker.Begin())
        {
            if (!transaction.TryReserve(cost, LevelOf(in options))) return Errno.ENOSPC;
            if (isPacked) Unpack(transaction, inode, in record);
            if (cost > 0) map.Cover(transaction, end - 1);
            ZeroTail(transaction, map, oldSize, offset);
            Fill(transaction, inode, in record, offset, data, out isPastEnd);
            FinishWrite(transaction, inode, in record, size, in options);
        }
        // Blocks past the size stay zero until the size covers them for good: an undone write leaves no bytes there.
        if (isPastEnd)
        {
            int skipped = oldSize > offset ? (int)(oldSize - offset) : 0;
            Overwrite(worker, inode, in record, offset + (ulong)skipped, data[skipped..]);
        }
        return Errno.OK;
    }

    /// <summary>Brings bytes to where they belong, allocating what is missing.</summary>
    /// <param name="transaction">Has reserved what is missing.</param>
    /// <param name="inode">The file.</param>
    /// <param name="record">Its record, with the size before the write.</param>
    /// <param name="offset">The first byte's position.</param>
    /// <param name="data">The bytes.</param>
    /// <param name="isPastEnd">Whether bytes were left out, for blocks allocated ahead wholly past the size.</param>
    private void Fill(
        Transaction transaction, InodeNumber inode, ref readonly InodeRecord record, ulong offset,
        ReadOnlySpan<byte> data, out bool isPastEnd)
    {
        ExtentMap map = MapOf(inode, in record);
        ulong past = BlocksOf(record.Size);
        ulong end = BlocksOf(offset + (ulong)data.Length);
        ulong added = 0;
        isPastEnd = false;
        for (ulong block = offset >> Layout.BlockSizeLog2; block < end;)
        {
            ulong countMax = (block < past ? Math.Min(past, end) : end) - block;
            Extent extent = map.Find(block, countMax);
            bool isFresh = extent.IsHole;
            if (isFresh)
            {
                bool isAppend = offset <= record.Size && block >= past;
                extent = AllocateForWrite(transaction, inode, in record, block, end, isAppend);
                added += extent.IsFrame ? Layout.BlocksPerFrame : 1UL;
            }
            bool isInLastFrame = extent.IsFrame && block - block % Layout.BlocksPerFrame < past;
            if (isFresh || block < past || isInLastFrame)
                CopyTo(transaction, block, extent, offset, data, zeroRest: isFresh && !extent.IsFrame);
            else isPastEnd = true;
            block += extent.BlockCount;
        }
        AddBlocks(transaction, in record, added);
    }

    /// <summary>Fills a hole where bytes are about to go: one block of it, or a frame from here on.</summary>
    private Extent AllocateForWrite(
        Transaction transaction, InodeNumber inode, ref readonly InodeRecord record, ulong block, ulong end,
        bool isAppend)
    {
        ExtentMap map = MapOf(inode, in record);
        bool wantsFrame = isAppend && block >= AppendFramesFrom && block % Layout.BlocksPerFrame == 0;
        // The frame's bytes behind the write are past the size: they mean nothing and are left as they are.
        if (wantsFrame && !map.Find(block - 1, 1).IsHole && map.IsFrameFree(block)
            && TryAllocateFrameInto(transaction, map, inode, block, out ArenaPointer frame, out _))
            return new Extent(frame, Math.Min(end - block, Layout.BlocksPerFrame), IsFrame: true);
        return new Extent(AllocateInto(transaction, map, inode, block), 1, IsFrame: false);
    }

    /// <summary>Copies the part of <paramref name="data"/> that belongs into an extent.</summary>
    private static void CopyTo(
        Transaction transaction, ulong block, Extent extent, ulong offset, ReadOnlySpan<byte> data, bool zeroRest)
    {
        ulong start = block << Layout.BlockSizeLog2;
        int length = (int)extent.BlockCount << Layout.BlockSizeLog2;
        int from = offset > start ? (int)(offset - start) : 0;
        int to = (int)Math.Min((ulong)length, offset + (ulong)data.Length - start);
        if (zeroRest)
        {
            transaction.ZeroData(extent.Pointer, from);
            transaction.ZeroData(extent.Pointer + (ulong)to, length - to);
        }
        transaction.WriteData(extent.Pointer + (ulong)from, data.Slice((int)(start + (ulong)from - offset), to - from));
    }

    /// <summary>Overwrites blocks that are all there and within the size.</summary>
    private void Overwrite(
        Worker worker, InodeNumber inode, ref readonly InodeRecord record, ulong offset, ReadOnlySpan<byte> data)
    {
        ExtentMap map = MapOf(inode, in record);
        using Transaction transaction = worker.Begin();
        ulong end = BlocksOf(offset + (ulong)data.Length);
        for (ulong block = offset >> Layout.BlockSizeLog2; block < end;)
        {
            Extent extent = map.Find(block, end - block);
            CopyTo(transaction, block, extent, offset, data, zeroRest: false);
            block += extent.BlockCount;
        }
        transaction.Commit();
    }

    private void FinishWrite(
        Transaction transaction, InodeNumber inode, ref readonly InodeRecord record, ulong size,
        in WriteOptions options)
    {
        SetSize(transaction, in record, size);
        if (options.KillPrivileges) DropPrivileges(transaction, inode, in record);
        NoteChange(transaction, in record);
        transaction.Commit();
    }

    private static SpaceLevel LevelOf(in WriteOptions options) =>
        options.IsAcknowledged ? SpaceLevel.Acknowledged : SpaceLevel.Ordinary;
}
