using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Names removed: unlink(2), rmdir(2); and files that nobody can reach any more.</summary>
public sealed partial class Tree
{
    /// <summary>
    /// Removes the name of a file that is no directory. The file goes with its last name and last reference.
    /// </summary>
    /// <returns>ENOENT, EISDIR, EPERM for an immutable or append-only file or directory.</returns>
    public Errno Unlink(Worker worker, InodeNumber directory, FileName name) =>
        Remove(worker, directory, name, isDirectory: false);

    /// <summary>Removes an empty directory.</summary>
    /// <returns>ENOENT, ENOTDIR, ENOTEMPTY, EPERM.</returns>
    public Errno RemoveDirectory(Worker worker, InodeNumber directory, FileName name) =>
        Remove(worker, directory, name, isDirectory: true);

    private Errno Remove(Worker worker, InodeNumber directory, FileName name, bool isDirectory)
    {
        // The child's lock can only be taken in order together with the parent's, so the child is guessed first.
        InodeNumber guess = PeekName(worker, directory, name);
        while (true)
        {
            using InodeGuard guard = locks.Own(worker, directory, guess);
            Errno error = RequireShrinkable(directory);
            if (error != Errno.OK) return error;
            ref readonly InodeRecord parent = ref inodes.At(directory);
            if (!names.TryFind(directory, in parent, name.Bytes, out DirectorySlot slot)) return Errno.ENOENT;
            if (slot.Inode != guess)
            {
                guess = slot.Inode;
                continue;
            }
            error = RequireRemovable(in inodes.At(guess), isDirectory);
            if (error != Errno.OK) return error;
            Remove(worker, directory, in parent, in slot);
            return Errno.OK;
        }
    }

    /// <summary>Removes a name. The locks of directory and child are held, and nothing speaks against it.</summary>
    private void Remove(Worker worker, InodeNumber directory, ref readonly InodeRecord parent, in DirectorySlot slot)
    {
        long now = Libc.FileTimeNow();
        using (Transaction transaction = worker.Begin())
        {
            names.Remove(transaction, directory, in parent, in slot);
            Touch(transaction, in parent, now);
            DropLink(transaction, directory, slot.Inode, now);
            transaction.Complete();
            transaction.Commit();
        }
        ReapIfUnused(worker, slot.Inode);
    }

    /// <summary>An inode loses a name in <paramref name="directory"/>.</summary>
    private void DropLink(Transaction transaction, InodeNumber directory, InodeNumber inode, long now)
    {
        ref readonly InodeRecord record = ref inodes.At(inode);
        ref readonly InodeRecord parent = ref inodes.At(directory);
        bool isDirectory = ModeBits.IsDirectory(record.Mode);
        if (isDirectory) transaction.Set(in parent.LinkCount, parent.LinkCount - 1);
        uint left = isDirectory ? 0 : record.LinkCount - 1;
        transaction.Set(in record.LinkCount, left);
        transaction.Set(in record.ChangeTime, now);
        if (left != 0) return;
        pending.Add(transaction, inode, needsTrim: false);
        volume.NoteOrphan();
    }

    /// <summary>Frees an inode that has neither a name nor a reference. Its lock is held.</summary>
    private void ReapIfUnused(Worker worker, InodeNumber inode)
    {
        ref readonly InodeRecord record = ref inodes.At(inode);
        if (record.LinkCount != 0 || IsLookedUp(inode, in record)) return;
        FreeContents(worker, inode);
        FreeAttributes(worker, inode);
        using (Transaction transaction = worker.Begin())
        {
            pending.Remove(transaction, inode);
            inodes.Free(transaction, inode);
            transaction.Commit();
        }
        volume.NoteRoom();
    }

    /// <summary>Does what is pending for an inode of this tree, if it can be done now. Its lock is held.</summary>
    /// <returns>Whether it was done.</returns>
    internal bool Settle(Worker worker, InodeNumber inode, in InodeRecord record)
    {
        if (record.LinkCount != 0)
        {
            FinishTrim(worker, inode);
            return true;
        }
        if (IsLookedUp(inode, in record)) return false;
        ReapIfUnused(worker, inode);
        return true;
    }

    /// <summary>Frees all extended attributes, a bounded number in each transaction.</summary>
    private void FreeAttributes(Worker worker, InodeNumber inode)
    {
        bool isDone = inodes.At(inode).Attributes == 0;
        while (!isDone)
        {
            using Transaction transaction = worker.Begin();
            isDone = attributes.FreeSome(transaction, inode, in inodes.At(inode));
            transaction.Commit();
        }
    }

    /// <summary>The inode a name leads to at this moment; None if there is none.</summary>
    private InodeNumber PeekName(Worker worker, InodeNumber directory, FileName name)
    {
        using InodeGuard guard = locks.Share(worker, directory);
        if (OpenDirectory(directory) != Errno.OK) return InodeNumber.None;
        return names.TryFind(directory, in inodes.At(directory), name.Bytes, out DirectorySlot slot)
            ? slot.Inode
            : InodeNumber.None;
    }

    /// <summary>Whether names may be taken out of a directory: OK, or why not.</summary>
    private Errno RequireShrinkable(InodeNumber directory)
    {
        Errno error = RequireChangeable(directory);
        if (error == Errno.OK) error = OpenDirectory(directory);
        if (error != Errno.OK) return error;
        return (inodes.At(directory).Flags & InodeFlags.Fixed) != 0 ? Errno.EPERM : Errno.OK;
    }

    private static Errno RequireRemovable(in InodeRecord record, bool asDirectory)
    {
        // In the order of the kernel's own checks, of which it cannot make the first: it knows no flags here.
        if ((record.Flags & InodeFlags.Fixed) != 0) return Errno.EPERM;
        bool isDirectory = ModeBits.IsDirectory(record.Mode);
        if (isDirectory != asDirectory) return isDirectory ? Errno.EISDIR : Errno.ENOTDIR;
        return isDirectory && record.BlockCount != 0 ? Errno.ENOTEMPTY : Errno.OK;
    }
}
