using PersistFs.Engine.Contents;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Bytes copied from file to file: copy_file_range(2).</summary>
public sealed partial class Tree
{
    /// <summary>
    /// Copies bytes, extent by extent; holes stay holes. Between two extents other operations may come.
    /// </summary>
    /// <param name="worker">The calling thread's worker.</param>
    /// <param name="source">The first byte to copy, of a regular file.</param>
    /// <param name="target">Where it goes: in a regular file, perhaps the same.</param>
    /// <param name="length">Bytes at most; the source's end ends the copy.</param>
    /// <param name="copied">Bytes copied. If some were, a later shortage is no error.</param>
    /// <param name="caller">Of the request: any but root's end the target's set-id bits and capabilities.</param>
    /// <returns>EINVAL for ranges of one file that overlap; else as <see cref="Write"/>.</returns>
    public Errno CopyRange(
        Worker worker, FilePosition source, FilePosition target, ulong length, out ulong copied,
        in Credentials caller = default)
    {
        copied = 0;
        Errno error = ClipToSize(worker, source, ref length);
        if (error != Errno.OK) return error;
        ulong distance = Math.Max(source.Offset, target.Offset) - Math.Min(source.Offset, target.Offset);
        if (source.Inode == target.Inode && distance < length) return Errno.EINVAL;
        if (target.Offset > FileSizeMax || length > FileSizeMax - target.Offset) return Errno.EFBIG;
        while (copied < length)
        {
            error = CopyStep(
                worker, source.Plus(copied), target.Plus(copied), length - copied, in caller, out ulong step);
            if (error != Errno.OK) return copied > 0 ? Errno.OK : error;
            if (step == 0) break;
            copied += step;
        }
        return Errno.OK;
    }

    private Errno ClipToSize(Worker worker, FilePosition start, ref ulong length)
    {
        using InodeGuard guard = locks.Share(worker, start.Inode);
        Errno error = RequireContents(start.Inode);
        if (error != Errno.OK) return error;
        ulong size = inodes.At(start.Inode).Size;
        length = start.Offset < size ? Math.Min(length, size - start.Offset) : 0;
        return Errno.OK;
    }

    /// <summary>Copies what one extent of the source holds of the range.</summary>
    private Errno CopyStep(
        Worker worker, FilePosition source, FilePosition target, ulong length, in Credentials caller, out ulong step)
    {
        step = 0;
        using InodeGuard guard = locks.Own(worker, source.Inode, target.Inode);
        Errno error = OpenForChange(worker, target.Inode);
        if (error == Errno.OK) error = RequireContents(source.Inode);
        if (error != Errno.OK) return error;
        ref readonly InodeRecord from = ref inodes.At(source.Inode);
        ref readonly InodeRecord to = ref inodes.At(target.Inode);
        error = RequireWritable(in to, target.Offset, length, default);
        if (error != Errno.OK || source.Offset >= from.Size) return error;
        EndPrivileges(worker, target.Inode, in to, in caller);
        ArenaPointer bytes = ContentsOf(source.Inode, in from).Find(source.Offset, ref length);
        if (bytes.IsNull)
        {
            error = CopyHole(worker, target.Inode, in to, target.Offset, target.Offset + length);
        }
        else
        {
            length = Math.Min(length, WriteStepBytesMax);
            error = WriteStep(worker, target.Inode, in to, target.Offset, space.Arena.Bytes(bytes, (int)length),
                default);
        }
        if (error != Errno.OK) return error;
        NoteAccess(in from);
        step = length;
        return Errno.OK;
    }

    private Errno CopyHole(Worker worker, InodeNumber inode, ref readonly InodeRecord record, ulong offset, ulong end)
    {
        if (offset < record.Size) PunchHole(worker, inode, in record, offset, Math.Min(end, record.Size));
        if (end <= record.Size) return Errno.OK;
        using Transaction transaction = worker.Begin();
        Errno error = ContentsOf(inode, in record).Grow(transaction, end);
        if (error != Errno.OK) return error;
        InodeChange.NoteChange(transaction, in record);
        transaction.Commit();
        return Errno.OK;
    }
}
