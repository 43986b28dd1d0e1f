using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>POSIX ACLs (acl(5)): how they follow the mode, and the mode them. The kernel evaluates them.</summary>
public sealed partial class Tree
{
    /// <summary>
    /// What an inode that is made in <paramref name="parent"/> gets: its mode, and ACLs if the parent has a default
    /// one.
    /// </summary>
    /// <param name="parent">
    /// The parent's record in the arena; it stays locked until <see cref="StoreInherited"/>.
    /// </param>
    /// <param name="mode">The mode asked for, with its type.</param>
    /// <param name="umask">The caller's; not applied to symbolic links, nor below a default ACL.</param>
    private InheritedAcl InheritAcl(in InodeRecord parent, uint mode, uint umask)
    {
        if (ModeBits.IsSymbolicLink(mode)) return new InheritedAcl(mode);
        return parent.Attributes == 0
            ? new InheritedAcl(mode & ~(umask & ModeBits.AccessMask))
            : InheritAclOf(in parent, mode, umask);
    }

    /// <summary>Stores what was inherited; the transaction has reserved its block cost.</summary>
    /// <param name="transaction">The one that makes the inode.</param>
    /// <param name="owner">The new inode.</param>
    /// <param name="inherited">From <see cref="InheritAcl"/>; its mode is in the new record already.</param>
    private void StoreInherited(Transaction transaction, InodeNumber owner, in InheritedAcl inherited)
    {
        if (inherited.HasAccess || inherited.HasDefault) StoreInheritedOf(transaction, owner, in inherited);
    }

    private InheritedAcl InheritAclOf(in InodeRecord parent, uint mode, uint umask)
    {
        if (!attributes.TryFind(in parent, XattrName.DefaultAcl, out AttributeCursor cursor))
            return new InheritedAcl(mode & ~(umask & ModeBits.AccessMask));
        InodeNumber parentNumber = InodeNumber.FromRecord(space.Arena.PointerTo(in parent));
        Span<byte> acl = ReadAcl(parentNumber, in cursor, stackalloc byte[PosixAcl.SizeInBytesMax], out bool isMinimal);
        mode = PosixAcl.Restrict(acl, mode);
        return new InheritedAcl(mode, parentNumber, in cursor, !isMinimal, ModeBits.IsDirectory(mode));
    }

    private void StoreInheritedOf(Transaction transaction, InodeNumber owner, in InheritedAcl inherited)
    {
        ref readonly InodeRecord record = ref inodes.At(owner);
        Span<byte> acl = ReadAcl(inherited.Parent, inherited.Source, stackalloc byte[PosixAcl.SizeInBytesMax], out _);
        if (inherited.HasDefault) Append(transaction, owner, in record, XattrName.DefaultAcl, acl);
        if (!inherited.HasAccess) return;
        _ = PosixAcl.Restrict(acl, inherited.Mode);
        Append(transaction, owner, in record, XattrName.AccessAcl, acl);
    }

    private void Append(
        Transaction transaction, InodeNumber owner, in InodeRecord record, ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value)
    {
        _ = attributes.TryFind(in record, name, out AttributeCursor end);
        attributes.Set(transaction, owner, in end, name, value);
    }

    /// <summary>
    /// setxattr(2) of an ACL: an access ACL changes the mode with it, and is kept only if it says more than the mode.
    /// </summary>
    private Errno SetAcl(
        Worker worker, InodeNumber inode, in InodeRecord record, in XattrName name, ReadOnlySpan<byte> value,
        XattrSetFlags flags)
    {
        Errno error = PosixAcl.TryParse(value, out PosixAcl acl);
        if (error != Errno.OK) return error;
        bool isAccess = name.Namespace == XattrNamespace.AccessAcl;
        if (!isAccess && !ModeBits.IsDirectory(record.Mode)) return acl.IsEmpty ? Errno.OK : Errno.EACCES;
        bool isFound = attributes.TryFind(in record, name.Bytes, out AttributeCursor cursor);
        bool isKept = !acl.IsEmpty && !(isAccess && acl.IsMinimal);
        if (isKept && !isFound && !AttributeList.HasRoomFor(in cursor, name.Bytes.Length)) return Errno.ENOSPC;
        using Transaction transaction = worker.Begin();
        int cost = isKept ? AttributeList.CostOf(name.Bytes.Length, value.Length) : 0;
        if (!transaction.TryReserve(cost)) return Errno.ENOSPC;
        if (isKept) StoreAcl(transaction, inode, in cursor, name.Bytes, acl);
        else if (isFound) attributes.Remove(transaction, inode, in cursor);
        if (isAccess && !acl.IsEmpty)
        {
            uint killed = (flags & XattrSetFlags.KillSetGroupId) != 0 ? ModeBits.SetGroupId : 0;
            transaction.Set(in record.Mode, record.Mode & ~(ModeBits.AccessMask | killed) | acl.AccessBits);
        }
        transaction.Set(in record.ChangeTime, Libc.FileTimeNow());
        transaction.Complete();
        transaction.Commit();
        return Errno.OK;
    }

    private void StoreAcl(
        Transaction transaction, InodeNumber inode, in AttributeCursor cursor, ReadOnlySpan<byte> name,
        scoped PosixAcl acl)
    {
        Span<byte> buffer = stackalloc byte[PosixAcl.SizeInBytesMax];
        Span<byte> canonical = buffer[..acl.SizeInBytes];
        acl.WriteTo(canonical);
        attributes.Set(transaction, inode, in cursor, name, canonical);
    }

    /// <summary>
    /// Brings a stored access ACL in line with a mode that chmod(2) sets. The transaction has reserved its cost.
    /// </summary>
    private void ApplyModeToAcl(Transaction transaction, InodeNumber inode, in AttributeCursor cursor, uint mode)
    {
        Span<byte> acl = ReadAcl(inode, in cursor, stackalloc byte[PosixAcl.SizeInBytesMax], out _);
        PosixAcl.ApplyMode(acl, mode);
        attributes.Set(transaction, inode, in cursor, XattrName.AccessAcl, acl);
    }

    /// <summary>Reads a stored ACL into <paramref name="buffer"/>.</summary>
    /// <exception cref="ArenaCorruptException">It is not one that could have been stored.</exception>
    private Span<byte> ReadAcl(InodeNumber owner, in AttributeCursor cursor, Span<byte> buffer, out bool isMinimal)
    {
        if (cursor.ValueLength > buffer.Length) ThrowBadAcl(owner);
        Span<byte> value = buffer[..cursor.ValueLength];
        attributes.CopyValue(owner, in cursor, value);
        if (PosixAcl.TryParse(value, out PosixAcl acl) != Errno.OK || acl.IsEmpty) ThrowBadAcl(owner);
        isMinimal = acl.IsMinimal;
        return value;
    }

    private static void ThrowBadAcl(InodeNumber owner) =>
        throw new ArenaCorruptException($"An ACL of inode {owner} is malformed.");
}
