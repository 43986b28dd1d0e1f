using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Bytes copied from file to file: copy_file_range(2).</summary>
public sealed partial class Volume
{
    /// <summary>
    /// Copies bytes, extent by extent; holes stay holes. Between two extents other operations may come.
    /// </summary>
    /// <param name="worker">The calling thread's worker.</param>
    /// <param name="source">A regular file.</param>
    /// <param name="sourceOffset">The first byte to copy.</param>
    /// <param name="target">A regular file, perhaps the same.</param>
    /// <param name="targetOffset">Where the first byte goes.</param>
    /// <param name="length">Bytes at most; the source's end ends the copy.</param>
    /// <param name="copied">Bytes copied. If some were, a later shortage is no error.</param>
    /// <param name="caller">Who asks: another than root ends the target's set-id bits and capabilities.</param>
    /// <returns>EINVAL for ranges of one file that overlap; else as <see cref="Write"/>.</returns>
    public Errno CopyRange(
        Worker worker, InodeNumber source, ulong sourceOffset, InodeNumber target, ulong targetOffset, ulong length,
        out ulong copied, in Credentials caller = default)
    {
        copied = 0;
        Errno error = ClipToSize(worker, source, sourceOffset, ref length);
        if (error != Errno.OK) return error;
        ulong distance = Math.Max(sourceOffset, targetOffset) - Math.Min(sourceOffset, targetOffset);
        if (source == target && distance < length) return Errno.EINVAL;
        if (targetOffset > FileSizeMax || length > FileSizeMax - targetOffset) return Errno.EFBIG;
        while (copied < length)
        {
            error = CopyStep(
                worker, source, sourceOffset + copied, target, targetOffset + copied, length - copied, in caller,
                out ulong step);
            if (error != Errno.OK) return copied > 0 ? Errno.OK : error;
            if (step == 0) break;
            copied += step;
        }
        return Errno.OK;
    }

    private Errno ClipToSize(Worker worker, InodeNumber inode, ulong offset, ref ulong length)
    {
        using InodeGuard guard = locks.Share(worker, inode);
        Errno error = RequireContents(inode);
        if (error != Errno.OK) return error;
        ulong size = inodes.At(inode).Size;
        length = offset < size ? Math.Min(length, size - offset) : 0;
        return Errno.OK;
    }

    /// <summary>Copies what one extent of the source holds of the range.</summary>
    private Errno CopyStep(
        Worker worker, InodeNumber source, ulong sourceOffset, InodeNumber target, ulong targetOffset, ulong length,
        in Credentials caller, out ulong step)
    {
        step = 0;
        using InodeGuard guard = locks.Own(worker, source, target);
        Errno error = OpenForChange(worker, target);
        if (error == Errno.OK) error = RequireContents(source);
        if (error != Errno.OK) return error;
        ref readonly InodeRecord from = ref inodes.At(source);
        ref readonly InodeRecord to = ref inodes.At(target);
        error = RequireWritable(in to, targetOffset, length, default);
        if (error != Errno.OK || sourceOffset >= from.Size) return error;
        EndPrivileges(worker, target, in to, in caller);
        ArenaPointer bytes = FindBytes(source, in from, sourceOffset, ref length);
        if (bytes.IsNull)
        {
            error = CopyHole(worker, target, in to, targetOffset, targetOffset + length);
        }
        else
        {
            length = Math.Min(length, WriteStepBytesMax);
            error = WriteStep(worker, target, in to, targetOffset, space.Arena.Bytes(bytes, (int)length), default);
        }
        if (error != Errno.OK) return error;
        NoteAccess(in from);
        step = length;
        return Errno.OK;
    }

    /// <summary>Where the bytes from <paramref name="offset"/> on are; null for a hole.</summary>
    /// <param name="inode">The file.</param>
    /// <param name="record">Its record.</param>
    /// <param name="offset">Within its size.</param>
    /// <param name="length">Bytes wanted, lowered to those that follow there.</param>
    private ArenaPointer FindBytes(InodeNumber inode, ref readonly InodeRecord record, ulong offset, ref ulong length)
    {
        length = Math.Min(length, record.Size - offset);
        if (KindOf(in record) == ContentsKind.Packed)
        {
            _ = PackedContents.RequireSlab(space, in record);
            return new ArenaPointer(record.Contents) + offset;
        }
        ulong block = offset >> Layout.BlockSizeLog2;
        Extent extent = MapOf(inode, in record).Find(block, BlocksOf(offset + length) - block);
        ulong skipped = offset - (block << Layout.BlockSizeLog2);
        length = Math.Min(length, (extent.BlockCount << Layout.BlockSizeLog2) - skipped);
        return extent.IsHole ? ArenaPointer.Null : extent.Pointer + skipped;
    }

    private Errno CopyHole(Worker worker, InodeNumber inode, ref readonly InodeRecord record, ulong offset, ulong end)
    {
        if (offset < record.Size) PunchHole(worker, inode, in record, offset, Math.Min(end, record.Size));
        if (end <= record.Size) return Errno.OK;
        using Transaction transaction = worker.Begin();
        Errno error = Grow(transaction, inode, in record, end);
        if (error != Errno.OK) return error;
        NoteChange(transaction, in record);
        transaction.Commit();
        return Errno.OK;
    }
}
