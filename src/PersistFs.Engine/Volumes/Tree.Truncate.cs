using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Sizes set: truncate(2); and contents freed, in bounded steps.</summary>
/// <remarks>
/// A cut stores the new size and frees what one transaction may. What is left past the size is pending: the holder of
/// the lock goes on with it at once, and after a death the next one who takes the inode, or the reaper.
/// </remarks>
public sealed partial class Tree
{
    /// <summary>Blocks, frames and nodes that one transaction frees at most.</summary>
    private const int TrimBlocksMax = 4096;

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
            NoteChange(transaction, in record);
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
        if (size > record.Size) return Grow(transaction, inode, in record, size);
        Cut(transaction, inode, in record, size);
        return Errno.OK;
    }

    private Errno Grow(Transaction transaction, InodeNumber inode, ref readonly InodeRecord record, ulong size)
    {
        ContentsKind kind = KindOf(in record);
        if (kind == ContentsKind.Mapped) ZeroTail(transaction, MapOf(inode, in record), record.Size, size);
        if (kind == ContentsKind.Packed)
        {
            bool fits = size <= (ulong)PackedCapacity(in record);
            if (!fits && !transaction.TryReserve(1)) return Errno.ENOSPC;
            if (size > SizeClass.ObjectSizeMax) Unpack(transaction, inode, in record);
            else GrowPacked(transaction, in record, (int)size, fits);
        }
        SetSize(transaction, in record, size);
        return Errno.OK;
    }

    private void GrowPacked(Transaction transaction, ref readonly InodeRecord record, int size, bool fits)
    {
        ArenaPointer pointer = fits ? new ArenaPointer(record.Contents) : Repack(transaction, in record, size);
        transaction.ZeroData(pointer + record.Size, size - (int)record.Size);
    }

    /// <summary>Lowers the size, or leaves it, and frees what lies past it as far as one transaction may.</summary>
    private void Cut(Transaction transaction, InodeNumber inode, ref readonly InodeRecord record, ulong size)
    {
        SetSize(transaction, in record, size);
        if (!RemovePast(transaction, inode, in record)) pending.Add(transaction, inode, needsTrim: true);
    }

    /// <summary>Frees blocks wholly past the size.</summary>
    /// <returns>False if more are left than one transaction may free.</returns>
    private bool RemovePast(Transaction transaction, InodeNumber inode, ref readonly InodeRecord record)
    {
        if (KindOf(in record) != ContentsKind.Packed)
            return RemoveBlocks(transaction, inode, in record, BlocksOf(record.Size), ulong.MaxValue);
        if (record.Size > 0) return true;
        transaction.Free(new ArenaPointer(record.Contents), PackedContents.RequireSlab(space, in record));
        transaction.Set(in record.Contents, 0UL);
        transaction.Set(
            in record.ContentsWord, new ContentsWord(record.ContentsWord).WithShape(ContentsKind.None).Value);
        transaction.Set(in record.BlockCount, 0UL);
        return true;
    }

    /// <summary>Frees blocks of a map, as many as one transaction may, from the range's end backwards.</summary>
    /// <returns>False if some are left.</returns>
    private bool RemoveBlocks(
        Transaction transaction, InodeNumber inode, ref readonly InodeRecord record, ulong first, ulong end)
    {
        var removal = new Removal(first, end, TrimBlocksMax);
        bool isFinished = MapOf(inode, in record).Remove(transaction, ref removal);
        ulong removed = Math.Min(removal.Blocks, record.BlockCount);
        if (removed > 0) transaction.Set(in record.BlockCount, record.BlockCount - removed);
        return isFinished;
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
        bool isFinished = RemovePast(transaction, inode, in record);
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
