using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Extended attributes (xattr(7)). The kernel has checked permissions before it asks.</summary>
public sealed partial class Tree
{
    /// <summary>getxattr(2).</summary>
    /// <param name="worker">The calling thread's.</param>
    /// <param name="inode">The file.</param>
    /// <param name="name">The name with its namespace.</param>
    /// <param name="value">Where the value goes; empty to ask only for its length.</param>
    /// <param name="length">Length of the value in bytes.</param>
    /// <returns>
    /// ENODATA; ERANGE when <paramref name="value"/> is not empty and too small; EOPNOTSUPP for an unknown namespace.
    /// </returns>
    public Errno GetXattr(Worker worker, InodeNumber inode, ReadOnlySpan<byte> name, Span<byte> value, out int length)
    {
        length = 0;
        Errno error = XattrName.TryCreate(name, out XattrName attribute);
        if (error != Errno.OK) return error;
        using InodeGuard guard = locks.Share(worker, inode);
        if (!inodes.Exists(inode)) return Errno.ESTALE;
        ref readonly InodeRecord record = ref inodes.At(inode);
        if (attribute.IsAcl && ModeBits.IsSymbolicLink(record.Mode)) return Errno.EOPNOTSUPP;
        if (!attributes.TryFind(in record, name, out AttributeCursor cursor)) return Errno.ENODATA;
        length = cursor.ValueLength;
        if (value.IsEmpty) return Errno.OK;
        if (value.Length < length) return Errno.ERANGE;
        attributes.CopyValue(inode, in cursor, value);
        return Errno.OK;
    }

    /// <summary>listxattr(2): the names, each followed by NUL.</summary>
    /// <param name="worker">The calling thread's.</param>
    /// <param name="inode">The file.</param>
    /// <param name="caller">Only user 0 is shown names of the namespace "trusted".</param>
    /// <param name="names">Where the names go; empty to ask only for their length.</param>
    /// <param name="length">Bytes of all names, at most 65536.</param>
    /// <returns>ERANGE when <paramref name="names"/> is not empty and too small.</returns>
    public Errno ListXattr(Worker worker, InodeNumber inode, in Credentials caller, Span<byte> names, out int length)
    {
        length = 0;
        using InodeGuard guard = locks.Share(worker, inode);
        if (!inodes.Exists(inode)) return Errno.ESTALE;
        ref readonly InodeRecord record = ref inodes.At(inode);
        ReadOnlySpan<byte> hidden = caller.UserId == 0 ? default : XattrName.TrustedPrefix;
        length = attributes.MeasureNames(in record, hidden);
        if (names.IsEmpty) return Errno.OK;
        if (names.Length < length) return Errno.ERANGE;
        attributes.CopyNames(in record, hidden, names);
        return Errno.OK;
    }

    /// <summary>setxattr(2).</summary>
    /// <param name="worker">The calling thread's.</param>
    /// <param name="inode">The file.</param>
    /// <param name="name">The name with its namespace.</param>
    /// <param name="value">At most 65536 bytes; may lie in the arena's request buffer.</param>
    /// <param name="flags">Whether the attribute must or must not exist.</param>
    /// <returns>
    /// EEXIST and ENODATA as <paramref name="flags"/> want it; E2BIG; EOPNOTSUPP for an unknown namespace; EPERM for a
    /// user attribute of a special file, and where inode flags forbid changes; EINVAL and EACCES of ACLs; ENOSPC.
    /// </returns>
    public Errno SetXattr(
        Worker worker, InodeNumber inode, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, XattrSetFlags flags)
    {
        Errno error = XattrName.TryCreate(name, out XattrName attribute);
        if (error != Errno.OK) return error;
        if (value.Length > AttributeHeader.ValueLengthMax) return Errno.E2BIG;
        using InodeGuard guard = locks.Own(worker, inode);
        error = RequireChangeable(inode);
        if (error != Errno.OK) return error;
        ref readonly InodeRecord record = ref inodes.At(inode);
        error = RequireXattrAllowed(in record, in attribute);
        if (error != Errno.OK) return error;
        if (attribute.IsAcl) return SetAcl(worker, inode, in record, in attribute, value, flags);
        bool isFound = attributes.TryFind(in record, name, out AttributeCursor cursor);
        if (isFound && (flags & XattrSetFlags.Create) != 0) return Errno.EEXIST;
        if (!isFound && (flags & XattrSetFlags.Replace) != 0) return Errno.ENODATA;
        if (!isFound && !AttributeList.HasRoomFor(in cursor, name.Length)) return Errno.ENOSPC;
        using Transaction transaction = worker.Begin();
        if (!transaction.TryReserve(AttributeList.CostOf(name.Length, value.Length))) return Errno.ENOSPC;
        attributes.Set(transaction, inode, in cursor, name, value);
        transaction.Set(in record.ChangeTime, Libc.FileTimeNow());
        transaction.Complete();
        transaction.Commit();
        return Errno.OK;
    }

    /// <summary>removexattr(2). Needs no space.</summary>
    /// <returns>ENODATA, but not for ACLs, which are gone either way; EPERM and EOPNOTSUPP as for setting.</returns>
    public Errno RemoveXattr(Worker worker, InodeNumber inode, ReadOnlySpan<byte> name)
    {
        Errno error = XattrName.TryCreate(name, out XattrName attribute);
        if (error != Errno.OK) return error;
        using InodeGuard guard = locks.Own(worker, inode);
        error = RequireChangeable(inode);
        if (error != Errno.OK) return error;
        ref readonly InodeRecord record = ref inodes.At(inode);
        error = RequireXattrAllowed(in record, in attribute);
        if (error != Errno.OK) return error;
        bool isFound = attributes.TryFind(in record, name, out AttributeCursor cursor);
        if (!isFound) return attribute.IsAcl ? Errno.OK : Errno.ENODATA;
        using Transaction transaction = worker.Begin();
        attributes.Remove(transaction, inode, in cursor);
        transaction.Set(in record.ChangeTime, Libc.FileTimeNow());
        transaction.Complete();
        transaction.Commit();
        return Errno.OK;
    }

    private static Errno RequireXattrAllowed(in InodeRecord record, in XattrName name)
    {
        if ((record.Flags & (InodeFlags.Immutable | InodeFlags.AppendOnly)) != 0) return Errno.EPERM;
        if (name.IsAcl) return ModeBits.IsSymbolicLink(record.Mode) ? Errno.EOPNOTSUPP : Errno.OK;
        bool isPlain = ModeBits.IsRegular(record.Mode) || ModeBits.IsDirectory(record.Mode);
        return name.Namespace == XattrNamespace.User && !isPlain ? Errno.EPERM : Errno.OK;
    }
}
