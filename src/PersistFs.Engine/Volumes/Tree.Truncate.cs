using PersistFs.Engine.Contents;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Sizes set: truncate(2); and contents freed, in bounded steps.</summary>
/// <remarks>
/// A cut stores the new size and frees what one transaction may. What is left past the size is pending: the thread
/// that has the lock goes on with it at once, and after a death the next thread that locks the inode, or the reaper.
/// </remarks>
public sealed partial class Tree
{
    /// <summary>truncate(2): bytes past the size are gone; new ones read as zero.</summary>
    /// <param name="worker">The calling thread's worker.</param>
    /// <param name="inode">A regular file.</param>
    /// <param name="size">Its size from now on.</param>
    /// <param name="killPrivileges">Clear set-user-id, and set-group-id where the group may execute.</param>
    /// <returns>
    /// EFBIG past <see cref="FileSizeMax"/>; EPERM for an immutable or append-only file; ENOSPC, EROFS, ESTALE, EISDIR,
    /// EINVAL.
    /// </returns>
    public Errno SetSize(Worker worker, InodeNumber inode, ulong size, bool killPrivileges = false)
    {
        using InodeGuard guard = locks.Own(worker, inode);
        Errno error = OpenForChange(worker, inode);
        if (error != Errno.OK) return error;
        ref readonly InodeRecord record = ref inodes.At(inode);
        using (Transaction transaction = worker.Begin())
        {
            error = Resize(transaction, inode, in record, size);
            if (error != Errno.OK) return error;
            if (killPrivileges) DropPrivileges(transaction, inode, in record);
            InodeChange.NoteChange(transaction, in record);
            transaction.Commit();
        }
        FinishTrim(worker, inode);
        return Errno.OK;
    }

    /// <summary>Sets a file's size in an open transaction; its times are the caller's.</summary>
    /// <remarks>The lock is held, <see cref="FinishTrim"/> has run, and it runs again after the commit.</remarks>
    private Errno Resize(Transaction transaction, InodeNumber inode, ref readonly InodeRecord record, ulong size)
    {
        if (size > FileSizeMax) return Errno.EFBIG;
        if ((record.Flags & InodeFlags.Fixed) != 0) return Errno.EPERM;
        if (size > record.Size) return ContentsOf(inode, in record).Grow(transaction, size);
        Cut(transaction, inode, in record, size);
        return Errno.OK;
    }

    /// <summary>Lowers the size, or leaves it, and frees what lies past it as far as one transaction may.</summary>
    private void Cut(Transaction transaction, InodeNumber inode, ref readonly InodeRecord record, ulong size)
    {
        InodeChange.SetSize(transaction, in record, size);
        if (!ContentsOf(inode, in record).RemovePast(transaction)) pending.Add(transaction, inode, needsTrim: true);
    }

    /// <summary>
    /// Frees what a cut left past the size, until nothing is left. The lock is held and no transaction is open.
    /// </summary>
    private void FinishTrim(Worker worker, InodeNumber inode)
    {
        // What waits for room need not wait until all of it is freed.
        while (!TrimStep(worker, inode)) volume.NoteRoom();
    }

    /// <summary>Frees some of what a cut left past the size, in one transaction.</summary>
    /// <returns>True when nothing is left.</returns>
    private bool TrimStep(Worker worker, InodeNumber inode)
    {
        ref readonly InodeRecord record = ref inodes.At(inode);
        if (!new ContentsWord(record.ContentsWord).NeedsTrim) return true;
        using Transaction transaction = worker.Begin();
        bool isFinished = ContentsOf(inode, in record).RemovePast(transaction);
        if (isFinished && record.LinkCount > 0) pending.Remove(transaction, inode);
        else if (isFinished) StayPending(transaction, in record);
        transaction.Commit();
        return isFinished;
    }

    /// <summary>
    /// Frees all contents of a file or symbolic link that goes. The lock is held and no transaction is open.
    /// </summary>
    private void FreeContents(Worker worker, InodeNumber inode)
    {
        ref readonly InodeRecord record = ref inodes.At(inode);
        if (!ModeBits.IsRegular(record.Mode) && !ModeBits.IsSymbolicLink(record.Mode)) return;
        using (Transaction transaction = worker.Begin())
        {
            Cut(transaction, inode, in record, 0);
            transaction.Commit();
        }
        FinishTrim(worker, inode);
    }

    /// <summary>An orphan has nothing past its size any more, and is an orphan still.</summary>
    private static void StayPending(Transaction transaction, ref readonly InodeRecord record) => transaction.Set(
        in record.ContentsWord, new ContentsWord(record.ContentsWord).WithPending(listed: true, trim: false).Value);
}
