using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>
/// Attributes and flags of inodes (stat(2), chmod(2), chown(2), truncate(2), utimensat(2), ioctl_iflags(2)).
/// </summary>
/// <remarks>
/// The kernel has checked permissions; here is what it leaves to the file system, inode flags included.
/// </remarks>
public sealed partial class Tree
{
    /// <summary>stat(2).</summary>
    /// <returns>ESTALE for a number that names no inode.</returns>
    public Errno GetAttributes(Worker worker, InodeNumber inode, out InodeAttributes attributes)
    {
        attributes = default;
        using InodeGuard guard = locks.Share(worker, inode);
        if (!inodes.Exists(inode)) return Errno.ESTALE;
        attributes = new InodeAttributes(inode, in inodes.At(inode));
        return Errno.OK;
    }

    /// <summary>chmod(2), chown(2), truncate(2), utimensat(2), any of them together, all or nothing.</summary>
    /// <param name="worker">The calling thread's.</param>
    /// <param name="inode">The file.</param>
    /// <param name="change">What is to change.</param>
    /// <param name="caller">Decides whether set-group-id outlives a chown, where the group may not execute.</param>
    /// <param name="attributes">What they are afterwards.</param>
    /// <returns>
    /// EPERM where inode flags forbid it; EOPNOTSUPP for the mode of a symbolic link; of a size EFBIG, EISDIR, and
    /// EINVAL where there is none; ENOSPC; EROFS; ESTALE.
    /// </returns>
    public Errno SetAttributes(
        Worker worker, InodeNumber inode, in AttributeChange change, in Credentials caller,
        out InodeAttributes attributes)
    {
        attributes = default;
        using InodeGuard guard = locks.Own(worker, inode);
        Errno error = change.Size is null ? RequireChangeable(inode) : OpenForChange(worker, inode);
        if (error != Errno.OK) return error;
        ref readonly InodeRecord record = ref inodes.At(inode);
        error = RequireChangeAllowed(in record, in change);
        if (error == Errno.OK) error = Apply(worker, inode, in record, in change, in caller);
        if (error != Errno.OK) return error;
        if (change.Size is not null) FinishTrim(worker, inode);
        attributes = new InodeAttributes(inode, in record);
        return Errno.OK;
    }

    /// <summary>FS_IOC_GETFLAGS; see <see cref="InodeFlags"/>.</summary>
    /// <returns>ENOTTY for what is neither file nor directory; ESTALE.</returns>
    public Errno GetFlags(Worker worker, InodeNumber inode, out uint flags)
    {
        flags = 0;
        using InodeGuard guard = locks.Share(worker, inode);
        if (!inodes.Exists(inode)) return Errno.ESTALE;
        ref readonly InodeRecord record = ref inodes.At(inode);
        if (!HasFlags(in record)) return Errno.ENOTTY;
        flags = record.Flags;
        return Errno.OK;
    }

    /// <summary>FS_IOC_SETFLAGS. That immutable and append need a capability is the kernel's to check.</summary>
    /// <returns>
    /// EOPNOTSUPP for any flag that <see cref="InodeFlags.Settable"/> does not have; ENOTTY; EROFS; ESTALE.
    /// </returns>
    public Errno SetFlags(Worker worker, InodeNumber inode, uint flags)
    {
        using InodeGuard guard = locks.Own(worker, inode);
        Errno error = RequireChangeable(inode);
        if (error != Errno.OK) return error;
        ref readonly InodeRecord record = ref inodes.At(inode);
        if (!HasFlags(in record)) return Errno.ENOTTY;
        if ((flags & ~InodeFlags.Settable) != 0) return Errno.EOPNOTSUPP;
        using Transaction transaction = worker.Begin();
        transaction.Set(in record.Flags, flags);
        transaction.Set(in record.ChangeTime, Libc.FileTimeNow());
        transaction.Commit();
        return Errno.OK;
    }

    /// <summary>The mode without the set-id bits that end when contents or owner change.</summary>
    private static uint WithoutSetIds(uint mode)
    {
        // Set-group-id without group execute once meant mandatory locking, and stays.
        uint killed = ModeBits.SetUserId | ((mode & ModeBits.GroupExecute) != 0 ? ModeBits.SetGroupId : 0);
        return ModeBits.IsDirectory(mode) ? mode : mode & ~killed;
    }

    /// <summary>Takes away security.capability: it ends when contents or owner change. Costs nothing.</summary>
    private void RemoveCapability(Transaction transaction, InodeNumber inode, in InodeRecord record)
    {
        if (record.Attributes == 0) return;
        if (attributes.TryFind(in record, XattrName.Capability, out AttributeCursor cursor))
            attributes.Remove(transaction, inode, in cursor);
    }

    private static Errno RequireChangeAllowed(in InodeRecord record, in AttributeChange change)
    {
        if (change.Mode is not null && ModeBits.IsSymbolicLink(record.Mode)) return Errno.EOPNOTSUPP;
        if (change.IsAcknowledged) return Errno.OK;
        if ((record.Flags & InodeFlags.Immutable) != 0) return Errno.EPERM;
        bool isAppendOnly = (record.Flags & InodeFlags.AppendOnly) != 0;
        // A file that may only grow may still be touched: its times may become now, and nothing else.
        bool isMore = change.Mode is not null || change.UserId is not null || change.GroupId is not null
            || change.AccessTime.IsExplicit || change.ModificationTime.IsExplicit;
        return isAppendOnly && isMore ? Errno.EPERM : Errno.OK;
    }

    private bool FindAclToChange(in InodeRecord record, in AttributeChange change, out AttributeCursor acl)
    {
        acl = default;
        return change.Mode is not null && record.Attributes != 0
            && attributes.TryFind(in record, XattrName.AccessAcl, out acl);
    }

    private static uint ModeAfter(in InodeRecord record, in AttributeChange change, in Credentials caller)
    {
        uint mode = record.Mode;
        if (change.Mode is uint asked) mode = mode & ~ModeBits.PermissionMask | asked & ModeBits.PermissionMask;
        if (!change.KillsSetIds) return mode;
        bool isOwnerChanged = change.UserId is not null || change.GroupId is not null;
        // On chown, set-group-id stays only for a caller that could set it; its further groups are not known here.
        bool couldSet = caller.UserId == 0 || caller.GroupId == record.GroupId;
        if (isOwnerChanged && !couldSet && !ModeBits.IsDirectory(mode)) mode &= ~ModeBits.SetGroupId;
        return WithoutSetIds(mode);
    }

    private Errno Apply(
        Worker worker, InodeNumber inode, ref readonly InodeRecord record, in AttributeChange change,
        in Credentials caller)
    {
        bool changesAcl = FindAclToChange(in record, in change, out AttributeCursor acl);
        using Transaction transaction = worker.Begin();
        int cost = changesAcl ? AttributeList.CostOf(XattrName.AccessAcl.Length, acl.ValueLength) : 0;
        if (!transaction.TryReserve(cost)) return Errno.ENOSPC;
        Errno error = change.Size is ulong size ? Resize(transaction, inode, in record, size) : Errno.OK;
        if (error != Errno.OK) return error;
        uint mode = ModeAfter(in record, in change, in caller);
        if (changesAcl) ApplyModeToAcl(transaction, inode, in acl, mode);
        if (change.KillsSetIds || change.UserId is not null || change.GroupId is not null)
            RemoveCapability(transaction, inode, in record);
        StoreChange(transaction, in record, in change, mode);
        transaction.Commit();
        return Errno.OK;
    }

    private static void StoreChange(
        Transaction transaction, in InodeRecord record, in AttributeChange change, uint mode)
    {
        long now = Libc.FileTimeNow();
        if (mode != record.Mode) transaction.Set(in record.Mode, mode);
        if (change.UserId is uint user && user != record.UserId) transaction.Set(in record.UserId, user);
        if (change.GroupId is uint group && group != record.GroupId) transaction.Set(in record.GroupId, group);
        if (change.AccessTime.IsSet) transaction.Set(in record.AccessTime, change.AccessTime.Resolve(now));
        TimeChange modification = change.ModificationTime;
        if (modification.IsSet) transaction.Set(in record.ModificationTime, modification.Resolve(now));
        else if (change.Size is not null) transaction.Set(in record.ModificationTime, now);
        transaction.Set(in record.ChangeTime, change.ChangeTime.IsSet ? change.ChangeTime.Resolve(now) : now);
    }

    private static bool HasFlags(in InodeRecord record) =>
        ModeBits.IsRegular(record.Mode) || ModeBits.IsDirectory(record.Mode);
}
