using PersistFs.Engine.Contents;
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
    /// <param name="caller">Credentials of the request: any but root's end set-id bits and capabilities.</param>
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
        FileContents contents = ContentsOf(inode, in record);
        ulong missing = contents.CountHoles(
            offset >> Layout.BlockSizeLog2, InodeChange.BlocksOf(end), free + 1);
        if (missing > free) return Errno.ENOSPC;
        if (isZeroing) ZeroExisting(worker, inode, in record, offset, end);
        bool keepsSize = (mode & FallocateMode.KeepSize) != 0;
        return contents.Provide(worker, offset, end, keepsSize ? record.Size : Math.Max(record.Size, end));
    }

    /// <summary>Frees the blocks and frames wholly within a range and zeroes the rest of it.</summary>
    private void PunchHole(Worker worker, InodeNumber inode, ref readonly InodeRecord record, ulong offset, ulong end)
    {
        ulong first = InodeChange.BlocksOf(offset);
        ulong behind = end >> Layout.BlockSizeLog2;
        // Of the last block, what lies behind the size is nothing that has to stay.
        if (end >= record.Size) behind = Math.Max(behind, InodeChange.BlocksOf(record.Size));
        FileContents contents = ContentsOf(inode, in record);
        bool isFinished = first >= behind || !contents.HasBlocks;
        while (!isFinished)
        {
            using Transaction transaction = worker.Begin();
            isFinished = contents.RemoveBlocks(transaction, first, behind);
            InodeChange.NoteChange(transaction, in record);
            transaction.Commit();
        }
        ZeroExisting(worker, inode, in record, offset, end);
    }

    /// <summary>Zeroes what has memory in a range, as far as the size reaches.</summary>
    private void ZeroExisting(
        Worker worker, InodeNumber inode, ref readonly InodeRecord record, ulong offset, ulong end)
    {
        using Transaction transaction = worker.Begin();
        ContentsOf(inode, in record).Zero(transaction, offset, Math.Min(end, record.Size));
        InodeChange.NoteChange(transaction, in record);
        transaction.Commit();
    }
}
