using PersistFs.Engine.Contents;
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

    /// <summary>
    /// Writes bytes; the file grows where they reach past its end, and what is skipped reads as zero.
    /// </summary>
    /// <param name="worker">The calling thread's worker.</param>
    /// <param name="inode">A regular file.</param>
    /// <param name="offset">The first byte's position.</param>
    /// <param name="data">The bytes. Up to <see cref="WriteStepBytesMax"/> of them are one transaction.</param>
    /// <param name="options">What is known of the request.</param>
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
        FileContents contents = ContentsOf(inode, in record);
        ulong oldSize = record.Size;
        ulong size = Math.Max(oldSize, offset + (ulong)data.Length);
        bool isPastEnd;
        using (Transaction transaction = worker.Begin())
        {
            Errno error = contents.Write(transaction, offset, data, LevelOf(in options), out isPastEnd);
            if (error != Errno.OK) return error;
            FinishWrite(transaction, inode, in record, size, in options);
        }
        // Blocks past the size stay zero until the size covers them for good: an undone write leaves no bytes there.
        if (isPastEnd)
        {
            int skipped = oldSize > offset ? (int)(oldSize - offset) : 0;
            contents.Overwrite(worker, offset + (ulong)skipped, data[skipped..]);
        }
        return Errno.OK;
    }

    private void FinishWrite(
        Transaction transaction, InodeNumber inode, ref readonly InodeRecord record, ulong size,
        in WriteOptions options)
    {
        InodeChange.SetSize(transaction, in record, size);
        if (options.KillPrivileges) DropPrivileges(transaction, inode, in record);
        InodeChange.NoteChange(transaction, in record);
        transaction.Commit();
    }

    private static SpaceLevel LevelOf(in WriteOptions options) =>
        options.IsAcknowledged ? SpaceLevel.Acknowledged : SpaceLevel.Ordinary;
}
