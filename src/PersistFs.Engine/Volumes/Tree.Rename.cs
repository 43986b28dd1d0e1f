using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>renameat2(2).</summary>
public sealed partial class Tree
{
    /// <summary>Directories deeper than this are a loop.</summary>
    private const int DirectoryDepthMax = 1 << 20;

    private readonly Lock renameLock = new();

    /// <summary>The two ends of a rename, found and locked.</summary>
    /// <param name="OldDirectory">Where the old name is.</param>
    /// <param name="NewDirectory">Where the new name is or will be.</param>
    /// <param name="Old">The old name.</param>
    /// <param name="New">The new name, if <paramref name="NewState"/> is EEXIST.</param>
    /// <param name="NewState">EEXIST if the new name is there; else OK, or the errno of adding it.</param>
    private readonly record struct RenameEnds(
        InodeNumber OldDirectory, InodeNumber NewDirectory, DirectorySlot Old, DirectorySlot New, Errno NewState)
    {
        public bool HasNew => NewState == Errno.EEXIST;
    }

    /// <summary>The character device 0, 0 that takes the old name, where one is asked for.</summary>
    private readonly record struct Whiteout(bool IsLeft, Credentials Owner)
    {
        public Whiteout(RenameMode mode, in Credentials owner)
            : this((mode & RenameMode.Whiteout) != 0, owner)
        {
        }
    }

    /// <summary>Gives a file a new name and takes the old one away.</summary>
    /// <param name="worker">The calling thread's worker.</param>
    /// <param name="from">The old name.</param>
    /// <param name="to">The new name.</param>
    /// <param name="mode">What happens to a file of the new name, and what takes the old name.</param>
    /// <param name="caller">Owns the whiteout.</param>
    /// <returns>
    /// ENOENT, EEXIST (NoReplace), ENOTDIR, EISDIR, ENOTEMPTY, EINVAL for a directory moved below itself, EPERM for
    /// immutable or append-only ones, ENOSPC.
    /// </returns>
    public Errno Rename(
        Worker worker, scoped in DirectoryName from, scoped in DirectoryName to, RenameMode mode,
        in Credentials caller)
    {
        if (mode is not (RenameMode.Replace or RenameMode.NoReplace or RenameMode.Exchange or RenameMode.Whiteout
            or (RenameMode.Whiteout | RenameMode.NoReplace))) return Errno.EINVAL;
        // Directories that move between directories change the ancestry; one at a time, so that no loop can close.
        if (from.Directory == to.Directory) return RenameLocked(worker, in from, in to, mode, in caller);
        lock (renameLock)
        {
            return RenameLocked(worker, in from, in to, mode, in caller);
        }
    }

    private Errno RenameLocked(
        Worker worker, scoped in DirectoryName from, scoped in DirectoryName to, RenameMode mode,
        in Credentials caller)
    {
        InodeNumber oldGuess = PeekName(worker, from.Directory, from.Name);
        InodeNumber newGuess = PeekName(worker, to.Directory, to.Name);
        while (true)
        {
            using InodeGuard guard = locks.Own(worker, from.Directory, to.Directory, oldGuess, newGuess);
            Errno error = RequireShrinkable(from.Directory);
            if (error == Errno.OK) error = RequireGrowable(to.Directory);
            if (error != Errno.OK) return error;
            if (!names.TryFind(
                from.Directory, in inodes.At(from.Directory), from.Name.Bytes, out DirectorySlot old))
            {
                return Errno.ENOENT;
            }
            Errno state = names.PlanAdd(
                to.Directory, in inodes.At(to.Directory), to.Name.Bytes, out DirectoryMap.AddPlan plan,
                out DirectorySlot replaced);
            if (old.Inode != oldGuess || replaced.Inode != newGuess)
            {
                (oldGuess, newGuess) = (old.Inode, replaced.Inode);
                continue;
            }
            var ends = new RenameEnds(from.Directory, to.Directory, old, replaced, state);
            error = RequireRename(in ends, mode);
            if (error != Errno.OK) return error;
            if (ends.HasNew && old.Inode == replaced.Inode) return Errno.OK;
            error = (mode & RenameMode.Exchange) != 0
                ? Exchange(worker, in ends, from.Name, to.Name)
                : Move(worker, in ends, in plan, from.Name, to.Name, new Whiteout(mode, in caller));
            if (error == Errno.OK && ends.HasNew) ReapIfUnused(worker, replaced.Inode);
            return error;
        }
    }

    private Errno RequireRename(in RenameEnds ends, RenameMode mode)
    {
        if ((mode & RenameMode.NoReplace) != 0 && ends.HasNew) return Errno.EEXIST;
        bool isExchange = (mode & RenameMode.Exchange) != 0;
        if (isExchange && !ends.HasNew) return Errno.ENOENT;
        ref readonly InodeRecord moved = ref inodes.At(ends.Old.Inode);
        if ((moved.Flags & InodeFlags.Fixed) != 0) return Errno.EPERM;
        if (ModeBits.IsDirectory(moved.Mode) && IsInside(ends.NewDirectory, ends.Old.Inode)) return Errno.EINVAL;
        if (!ends.HasNew || ends.Old.Inode == ends.New.Inode) return Errno.OK;
        if (RequireShrinkable(ends.NewDirectory) is var refusal && refusal != Errno.OK) return refusal;
        ref readonly InodeRecord replaced = ref inodes.At(ends.New.Inode);
        if (!isExchange) return RequireRemovable(in replaced, asDirectory: ModeBits.IsDirectory(moved.Mode));
        if ((replaced.Flags & InodeFlags.Fixed) != 0) return Errno.EPERM;
        bool closesLoop = ModeBits.IsDirectory(replaced.Mode) && IsInside(ends.OldDirectory, ends.New.Inode);
        return closesLoop ? Errno.EINVAL : Errno.OK;
    }

    private Errno Move(
        Worker worker, in RenameEnds ends, in DirectoryMap.AddPlan plan, FileName oldName, FileName newName,
        Whiteout whiteout)
    {
        ref readonly InodeRecord oldParent = ref inodes.At(ends.OldDirectory);
        ref readonly InodeRecord newParent = ref inodes.At(ends.NewDirectory);
        if (!ends.HasNew && ends.NewState != Errno.OK) return ends.NewState;
        if (whiteout.IsLeft && IsInodeLimitReached) return Errno.ENOSPC;
        using Transaction transaction = worker.Begin();
        int cost = (ends.HasNew ? 0 : plan.BlockCost) + (whiteout.IsLeft ? 1 : 0);
        if (!transaction.TryReserve(cost)) return Errno.ENOSPC;
        long now = Libc.FileTimeNow();
        uint movedMode = inodes.At(ends.Old.Inode).Mode;
        if (ends.HasNew)
        {
            names.SetTarget(
                transaction, ends.New, newName.Bytes.Length, ends.Old.Inode, ModeBits.ToDirectoryEntryType(movedMode));
            DropLink(transaction, ends.NewDirectory, ends.New.Inode, now);
        }
        else
        {
            names.Add(transaction, ends.NewDirectory, in newParent, in plan, newName.Bytes,
                TargetWord(ends.Old.Inode, newName, movedMode));
        }
        // Adding may have moved the old name to another leaf.
        names.TryFind(ends.OldDirectory, in oldParent, oldName.Bytes, out DirectorySlot old);
        if (whiteout.IsLeft) LeaveWhiteout(transaction, in ends, in old, oldName, whiteout.Owner);
        else names.Remove(transaction, ends.OldDirectory, in oldParent, in old);
        MoveParent(transaction, ends.Old.Inode, ends.OldDirectory, ends.NewDirectory, now);
        Touch(transaction, in oldParent, now);
        Touch(transaction, in newParent, now);
        transaction.Complete();
        transaction.Commit();
        return Errno.OK;
    }

    private Errno Exchange(Worker worker, in RenameEnds ends, FileName oldName, FileName newName)
    {
        using Transaction transaction = worker.Begin();
        long now = Libc.FileTimeNow();
        names.SetTarget(transaction, ends.Old, oldName.Bytes.Length, ends.New.Inode, ends.New.EntryType);
        names.SetTarget(transaction, ends.New, newName.Bytes.Length, ends.Old.Inode, ends.Old.EntryType);
        MoveParent(transaction, ends.Old.Inode, ends.OldDirectory, ends.NewDirectory, now);
        MoveParent(transaction, ends.New.Inode, ends.NewDirectory, ends.OldDirectory, now);
        Touch(transaction, in inodes.At(ends.OldDirectory), now);
        Touch(transaction, in inodes.At(ends.NewDirectory), now);
        transaction.Complete();
        transaction.Commit();
        return Errno.OK;
    }

    private void LeaveWhiteout(
        Transaction transaction, in RenameEnds ends, in DirectorySlot old, FileName oldName, in Credentials owner)
    {
        var node = new NewNode { Mode = ModeBits.CharacterDevice, UserId = owner.UserId, GroupId = owner.GroupId };
        var acl = new InheritedAcl(node.Mode);
        InodeNumber device = CreateInode(
            transaction, ends.OldDirectory, in inodes.At(ends.OldDirectory), in node, default, in acl, linkCount: 1);
        // The kernel is not told the number of the whiteout and holds no reference to it.
        transaction.Set(in inodes.At(device).LookupWord, 0UL);
        names.SetTarget(transaction, in old, oldName.Bytes.Length, device, ModeBits.ToDirectoryEntryType(node.Mode));
    }

    /// <summary>What moves with an inode from one directory to another.</summary>
    private void MoveParent(Transaction transaction, InodeNumber inode, InodeNumber from, InodeNumber to, long now)
    {
        ref readonly InodeRecord record = ref inodes.At(inode);
        transaction.Set(in record.ChangeTime, now);
        if (from == to || !ModeBits.IsDirectory(record.Mode)) return;
        transaction.Set(in record.Parent, to.Value);
        transaction.Set(in inodes.At(from).LinkCount, inodes.At(from).LinkCount - 1);
        transaction.Set(in inodes.At(to).LinkCount, inodes.At(to).LinkCount + 1);
    }

    /// <summary>Whether <paramref name="directory"/> is <paramref name="ancestor"/> or somewhere below it.</summary>
    private bool IsInside(InodeNumber directory, InodeNumber ancestor)
    {
        for (int depth = 0; depth < DirectoryDepthMax; depth++)
        {
            if (directory == ancestor) return true;
            if (directory == Root) return false;
            directory = new InodeNumber(inodes.At(directory).Parent);
        }
        throw new ArenaCorruptException("A directory is below itself.");
    }
}
