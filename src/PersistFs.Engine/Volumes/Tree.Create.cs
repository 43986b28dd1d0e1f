using PersistFs.Engine.Contents;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Files made: mknod(2), mkdir(2), symlink(2), open(2) with O_CREAT or O_TMPFILE, link(2).</summary>
public sealed partial class Tree
{
    /// <summary>Makes a file of any type with a name; the kernel holds one reference to it then.</summary>
    /// <param name="worker">The calling thread's worker.</param>
    /// <param name="directory">Where.</param>
    /// <param name="name">Its name.</param>
    /// <param name="node">What it is like.</param>
    /// <param name="target">Where a symbolic link leads, 1 to 4095 bytes; else empty.</param>
    /// <param name="attributes">The new file.</param>
    /// <returns>
    /// EEXIST, ENOSPC, EPERM in an immutable directory, EMLINK, ENOENT in a removed one, EINVAL for a type that
    /// cannot be.
    /// </returns>
    public Errno Create(
        Worker worker, InodeNumber directory, FileName name, in NewNode node, ReadOnlySpan<byte> target,
        out InodeAttributes attributes)
    {
        attributes = default;
        using InodeGuard guard = locks.Own(worker, directory);
        Errno error = RequireGrowable(directory);
        if (error != Errno.OK) return error;
        ref readonly InodeRecord parent = ref inodes.At(directory);
        bool isDirectory = ModeBits.IsDirectory(node.Mode);
        if (!ModeBits.IsKnownType(node.Mode) || ModeBits.IsSymbolicLink(node.Mode) == target.IsEmpty)
        {
            return Errno.EINVAL;
        }
        error = names.PlanAdd(directory, in parent, name.Bytes, out DirectoryMap.AddPlan plan);
        if (error == Errno.EEXIST) return error;
        if (isDirectory && parent.LinkCount == uint.MaxValue) return Errno.EMLINK;
        if (error != Errno.OK) return error;
        InheritedAcl acl = InheritAcl(in parent, node.Mode, node.Umask);
        using Transaction transaction = worker.Begin();
        if (IsInodeLimitReached || !transaction.TryReserve(plan.BlockCost + NewInodeBlocks(target, in acl)))
        {
            return Errno.ENOSPC;
        }
        InodeNumber inode = CreateInode(
            transaction, directory, in parent, in node, target, in acl, linkCount: isDirectory ? 2U : 1U);
        names.Add(transaction, directory, in parent, in plan, name.Bytes, TargetWord(inode, name, node.Mode));
        if (isDirectory) transaction.Set(in parent.LinkCount, parent.LinkCount + 1);
        Touch(transaction, in parent, inodes.At(inode).ChangeTime);
        attributes = new InodeAttributes(inode, in inodes.At(inode));
        transaction.Complete(inode, in inodes.At(inode));
        transaction.Commit();
        return Errno.OK;
    }

    /// <summary>
    /// Makes a regular file without a name (O_TMPFILE); it goes when the kernel lets go of it, unless it is linked
    /// before.
    /// </summary>
    public Errno CreateUnnamed(Worker worker, InodeNumber directory, in NewNode node, out InodeAttributes attributes)
    {
        attributes = default;
        using InodeGuard guard = locks.Own(worker, directory);
        Errno error = RequireGrowable(directory);
        if (error != Errno.OK) return error;
        ref readonly InodeRecord parent = ref inodes.At(directory);
        InheritedAcl acl = InheritAcl(in parent, node.Mode, node.Umask);
        using Transaction transaction = worker.Begin();
        if (IsInodeLimitReached || !transaction.TryReserve(NewInodeBlocks(default, in acl))) return Errno.ENOSPC;
        InodeNumber inode = CreateInode(transaction, directory, in parent, in node, default, in acl, linkCount: 0);
        pending.Add(transaction, inode, needsTrim: false);
        attributes = new InodeAttributes(inode, in inodes.At(inode));
        transaction.Complete(inode, in inodes.At(inode));
        transaction.Commit();
        return Errno.OK;
    }

    /// <summary>Gives a file another name; the kernel holds one more reference to it then.</summary>
    /// <returns>EPERM for a directory, an immutable or an append-only file; EEXIST, EMLINK, ENOSPC, ENOENT.</returns>
    public Errno Link(
        Worker worker, InodeNumber inode, InodeNumber directory, FileName name, out InodeAttributes attributes)
    {
        attributes = default;
        using InodeGuard guard = locks.Own(worker, inode, directory);
        Errno error = RequireGrowable(directory);
        if (error == Errno.OK) error = RequireChangeable(inode);
        if (error != Errno.OK) return error;
        ref readonly InodeRecord parent = ref inodes.At(directory);
        ref readonly InodeRecord record = ref inodes.At(inode);
        if (ModeBits.IsDirectory(record.Mode) || (record.Flags & InodeFlags.Fixed) != 0) return Errno.EPERM;
        error = names.PlanAdd(directory, in parent, name.Bytes, out DirectoryMap.AddPlan plan);
        if (error == Errno.EEXIST) return error;
        if (record.LinkCount == uint.MaxValue) return Errno.EMLINK;
        if (error != Errno.OK) return error;
        using Transaction transaction = worker.Begin();
        if (!transaction.TryReserve(plan.BlockCost)) return Errno.ENOSPC;
        long now = Libc.FileTimeNow();
        names.Add(transaction, directory, in parent, in plan, name.Bytes, TargetWord(inode, name, record.Mode));
        if (record.LinkCount == 0 && !new ContentsWord(record.ContentsWord).NeedsTrim)
        {
            pending.Remove(transaction, inode);
        }
        transaction.Set(in record.LinkCount, record.LinkCount + 1);
        transaction.Set(in record.ChangeTime, now);
        Touch(transaction, in parent, now);
        AddLookup(transaction, inode, in record);
        attributes = new InodeAttributes(inode, in record);
        transaction.Complete(inode, in record);
        transaction.Commit();
        return Errno.OK;
    }

    private bool IsInodeLimitReached =>
        Instance.InodeCountMax != 0 && space.CountInodes(Slot) >= (long)Instance.InodeCountMax;

    /// <summary>Blocks that a new inode with all that hangs on it costs at worst.</summary>
    private static int NewInodeBlocks(ReadOnlySpan<byte> target, in InheritedAcl acl) =>
        1 + (target.IsEmpty ? 0 : 1) + acl.BlockCost;

    private InodeNumber CreateInode(
        Transaction transaction, InodeNumber directory, in InodeRecord parent, in NewNode node,
        ReadOnlySpan<byte> target,
        in InheritedAcl acl, uint linkCount)
    {
        bool isDirectory = ModeBits.IsDirectory(node.Mode);
        bool inheritsGroup = (parent.Mode & ModeBits.SetGroupId) != 0;
        long now = Libc.FileTimeNow();
        var record = new InodeRecord
        {
            Mode = acl.Mode | (inheritsGroup && isDirectory ? ModeBits.SetGroupId : 0),
            LinkCount = linkCount,
            UserId = node.UserId,
            GroupId = inheritsGroup ? parent.GroupId : node.GroupId,
            LookupWord = new LookupWord(1, Session).Value,
            AccessTime = now,
            ModificationTime = now,
            ChangeTime = now,
            BirthTime = now,
            Generation = transaction.Worker.NextGeneration(),
            Flags = parent.Flags & InodeFlags.Inherited,
            Contents = IsDevice(node.Mode) ? node.DeviceNumber : 0,
            ContentsWord = ContentsWord.Create(isDirectory ? ContentsKind.Directory : ContentsKind.None, Slot).Value,
            Parent = isDirectory ? directory.Value : 0,
        };
        InodeNumber inode = inodes.Create(transaction, in record);
        if (!target.IsEmpty) ContentsOf(inode, in inodes.At(inode)).StoreTarget(transaction, target);
        StoreInherited(transaction, inode, in acl);
        return inode;
    }

    private static bool IsDevice(uint mode) =>
        (mode & ModeBits.TypeMask) is ModeBits.BlockDevice or ModeBits.CharacterDevice;

    private static ulong TargetWord(InodeNumber inode, FileName name, uint mode) =>
        DirectoryEntryHeader.TargetOf(inode, name.Bytes.Length, ModeBits.ToDirectoryEntryType(mode));

    /// <summary>A directory's entries have changed.</summary>
    private static void Touch(Transaction transaction, ref readonly InodeRecord record, long now)
    {
        transaction.Set(in record.ModificationTime, now);
        transaction.Set(in record.ChangeTime, now);
    }

    /// <summary>Whether names may be added to a directory: OK, or why not.</summary>
    private Errno RequireGrowable(InodeNumber directory)
    {
        Errno error = RequireChangeable(directory);
        if (error == Errno.OK) error = OpenDirectory(directory);
        if (error != Errno.OK) return error;
        ref readonly InodeRecord record = ref inodes.At(directory);
        if (record.LinkCount == 0) return Errno.ENOENT;
        return (record.Flags & InodeFlags.Immutable) != 0 ? Errno.EPERM : Errno.OK;
    }
}
