using PersistFs.Engine.Arenas;
using PersistFs.Engine.Contents;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>What the operations on contents share: checks, times, the map, zeros behind the end.</summary>
public sealed partial class Tree
{
    /// <summary>The largest size of a file: 2^63-1 bytes, as MAX_LFS_FILESIZE of linux/fs.h.</summary>
    public const ulong FileSizeMax = FileContents.SizeMax;

    private FileContents ContentsOf(InodeNumber inode, ref readonly InodeRecord record) => new(space, inode, in record);

    /// <summary>
    /// Whether the contents of an inode can be changed; its lock is held exclusively. Finishes what is pending.
    /// </summary>
    /// <returns>EROFS, ESTALE, EISDIR, or EINVAL for what is no regular file.</returns>
    private Errno OpenForChange(Worker worker, InodeNumber inode)
    {
        Errno error = RequireChangeable(inode);
        if (error == Errno.OK) error = RequireContents(inode);
        if (error == Errno.OK) FinishTrim(worker, inode);
        return error;
    }

    /// <summary>ESTALE, EISDIR, EINVAL for what is no regular file, or OK. The inode's lock is held.</summary>
    private Errno RequireContents(InodeNumber inode)
    {
        if (!inodes.Exists(inode)) return Errno.ESTALE;
        uint mode = inodes.At(inode).Mode;
        if (ModeBits.IsDirectory(mode)) return Errno.EISDIR;
        return ModeBits.IsRegular(mode) ? Errno.OK : Errno.EINVAL;
    }

    /// <summary>
    /// Clears set-user-id, set-group-id where the group may execute, and capabilities (FUSE_HANDLE_KILLPRIV_V2).
    /// </summary>
    private void DropPrivileges(
        Transaction transaction, InodeNumber inode, ref readonly InodeRecord record, uint killed = 0)
    {
        uint mode = WithoutSetIds(record.Mode) & ~killed;
        if (mode != record.Mode)
        {
            transaction.Set(in record.Mode, mode);
            transaction.Worker.HasDroppedPrivileges = true;
        }
        RemoveCapability(transaction, inode, in record);
    }

    /// <summary>
    /// Drops privileges before a change for which the kernel does not say whether it ends them: fallocate(2) and
    /// copy_file_range(2). That the caller is root stands for CAP_FSETID.
    /// </summary>
    private void EndPrivileges(
        Worker worker, InodeNumber inode, ref readonly InodeRecord record, in Credentials caller)
    {
        if (caller.UserId == 0) return;
        // Set-group-id without group execute stays for members of the group; further groups are not known here.
        uint killed = caller.GroupId == record.GroupId ? 0 : ModeBits.SetGroupId;
        using Transaction transaction = worker.Begin();
        DropPrivileges(transaction, inode, in record, killed);
        transaction.Commit();
    }
}
