using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>renameat2(2).</summary>
public sealed partial class Volume
{
    /// <summary>Directories deeper than this are a loop.</summary>
    private const int DirectoryDepthMax = 1 << 20;

    private readonly Lock renameLock = new();

    /// <summary>The two ends of a rename, found and locked.</summary>
    private readonly record struct RenameEnds(
        InodeNumber OldDirectory, InodeNumber NewDirectory, DirectorySlot Old, DirectorySlot New, bool HasNew);

    /// <summary>Gives a file a new name, taking the old one away.</summary>
    /// <returns>
    /// ENOENT, EEXIST (NoReplace), ENOTDIR, EISDIR, ENOTEMPTY, EINVAL for a directory moved below itself, EPERM for
    /// immutable or append-only ones, ENOSPC.
    /// </returns>
    public Errno Rename(
        Worker worker, InodeNumber oldDirectory, FileName oldName, InodeNumber newDirectory, FileName newName,
        RenameMode mode, in Credentials caller)
    {
        if (mode is not (RenameMode.Replace or RenameMode.NoReplace or RenameMode.Exchange or RenameMode.Whiteout
            or (RenameMode.Whiteout | RenameMode.NoReplace))) return Errno.EINVAL;
        // Directories that move between directories change who is above whom; one at a time, so that no loop can close.
        if (oldDirectory == newDirectory)
        {
            return RenameLocked(worker, oldDirectory, oldName, newDirectory, newName, mode, in caller);
        }
        lock (renameLock)
        {
            return RenameLocked(worker, oldDirectory, oldName, newDirectory, newName, mode, in caller);
        }
    }

    private Errno RenameLocked(
        Worker worker, InodeNumber oldDirectory, FileName oldName, InodeNumber newDirectory, FileName newName,
        RenameMode mode, in Credentials caller)
    {
        InodeNumber oldGuess = PeekName(worker, oldDirectory, oldName);
        InodeNumber newGuess = PeekName(worker, newDirectory, newName);
        while (true)
        {
            using InodeGuard guard = locks.Own(worker, oldDirectory, newDirectory, oldGuess, newGuess);
            Errno error = RequireShrinkable(oldDirectory);
            if (error == Errno.OK) error = RequireGrowable(newDirectory);
            if (error != Errno.OK) return error;
            if (!names.TryFind(oldDirectory, in inodes.At(oldDirectory), oldName.Bytes, out DirectorySlot old))
            {
                return Errno.ENOENT;
            }
            bool hasNew = names.TryFind(
                newDirectory, in inodes.At(newDirectory), newName.Bytes, out DirectorySlot replaced);
            InodeNumber newFound = hasNew ? replaced.Inode : InodeNumber.None;
            if (old.Inode != oldGuess || newFound != newGuess)
            {
                (oldGuess, newGuess) = (old.Inode, newFound);
                continue;
            }
            var ends = new RenameEnds(oldDirectory, newDirectory, old, replaced, hasNew);
            error = RequireRename(in ends, mode);
            if (error != Errno.OK) return error;
            if (hasNew && old.Inode == replaced.Inode) return Errno.OK;
            error = (mode & RenameMode.Exchange) != 0
                ? Exchange(worker, in ends, oldName, newName)
                : Move(worker, in ends, oldName, newName, (mode & RenameMode.Whiteout) != 0, in caller);
            if (error == Errno.OK && hasNew) ReapIfUnused(worker, replaced.Inode);
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
        Worker worker, in RenameEnds ends, FileName oldName, FileName newName, bool leavesWhiteout,
        in Credentials caller)
    {
        ref readonly InodeRecord oldParent = ref inodes.At(ends.OldDirectory);
        ref readonly InodeRecord newParent = ref inodes.At(ends.NewDirectory);
        var plan = default(DirectoryMap.AddPlan);
        Errno error = ends.HasNew ? Errno.OK : names.PlanAdd(ends.NewDirectory, in newParent, newName.Bytes, out plan);
        if (error != Errno.OK) return error;
        if (leavesWhiteout && IsInodeLimitReached) return Errno.ENOSPC;
        using Transaction transaction = worker.Begin();
        if (!transaction.TryReserve(plan.BlockCost + (leavesWhiteout ? 1 : 0))) return Errno.ENOSPC;
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
        if (leavesWhiteout) LeaveWhiteout(transaction, in ends, in old, oldName, in caller);
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
        Transaction transaction, in RenameEnds ends, in DirectorySlot old, FileName oldName, in Credentials caller)
    {
        var node = new NewNode { Mode = ModeBits.CharacterDevice, UserId = caller.UserId, GroupId = caller.GroupId };
        var acl = new InheritedAcl(node.Mode);
        InodeNumber whiteout = CreateInode(
            transaction, ends.OldDirectory, in inodes.At(ends.OldDirectory), in node, default, in acl, linkCount: 1);
        // Nobody has looked the whiteout up: the kernel is not told its number.
        transaction.Set(in inodes.At(whiteout).LookupWord, 0UL);
        names.SetTarget(transaction, in old, oldName.Bytes.Length, whiteout, ModeBits.ToDirectoryEntryType(node.Mode));
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
