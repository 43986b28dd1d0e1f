using PersistFs.Engine.Contents;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Where data and holes are: lseek(2) with SEEK_DATA and SEEK_HOLE.</summary>
public sealed partial class Tree
{
    /// <summary>
    /// The next position with data, or in a hole; the end of the file counts as a hole. Holes are skipped as a whole.
    /// </summary>
    /// <param name="worker">The calling thread's worker.</param>
    /// <param name="inode">A regular file.</param>
    /// <param name="offset">Where to begin.</param>
    /// <param name="target">What to look for.</param>
    /// <param name="found">The position, no less than <paramref name="offset"/>.</param>
    /// <returns>
    /// ENXIO at or behind the end of the file, and for data if there is none; ESTALE, EISDIR, EINVAL.
    /// </returns>
    public Errno Seek(Worker worker, InodeNumber inode, ulong offset, SeekTarget target, out ulong found)
    {
        found = 0;
        using InodeGuard guard = locks.Share(worker, inode);
        Errno error = RequireContents(inode);
        if (error != Errno.OK) return error;
        ref readonly InodeRecord record = ref inodes.At(inode);
        if (offset >= record.Size) return Errno.ENXIO;
        ulong block = offset >> Layout.BlockSizeLog2;
        ulong end = InodeChange.BlocksOf(record.Size);
        FileContents contents = ContentsOf(inode, in record);
        ulong next = target == SeekTarget.Hole ? contents.NextHole(block, end) : contents.NextData(block);
        if (next >= end)
        {
            found = record.Size;
            return target == SeekTarget.Hole ? Errno.OK : Errno.ENXIO;
        }
        found = Math.Max(offset, next << Layout.BlockSizeLog2);
        return Errno.OK;
    }
}
