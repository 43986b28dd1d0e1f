using System.Runtime.CompilerServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine;

/// <summary>Names looked up, and the kernel's references counted.</summary>
public sealed partial class Volume
{
    /// <summary>Finds a name and adds one to its inode's lookup count.</summary>
    /// <returns>ENOENT, ENOTDIR, or ESTALE when the directory does not exist.</returns>
    public Errno Lookup(Worker worker, InodeNumber directory, FileName name, out InodeAttributes attributes)
    {
        attributes = default;
        using InodeGuard guard = locks.Share(worker, directory);
        Errno error = OpenDirectory(directory);
        if (error != Errno.OK) return error;
        if (!names.TryFind(directory, in inodes.At(directory), name.Bytes, out DirectorySlot slot)) return Errno.ENOENT;
        ref readonly InodeRecord record = ref inodes.At(slot.Inode);
        AddLookup(in record, 1);
        attributes = new InodeAttributes(slot.Inode, in record);
        return Errno.OK;
    }

    /// <summary>Finds an inode by its number, as a file handle of open_by_handle_at(2) does, and adds one to its lookup count.</summary>
    /// <returns>ESTALE when no file with a name or a holder has the number.</returns>
    public Errno LookupSelf(Worker worker, InodeNumber inode, out InodeAttributes attributes)
    {
        attributes = default;
        using InodeGuard guard = locks.Share(worker, inode);
        if (!inodes.Exists(inode)) return Errno.ESTALE;
        ref readonly InodeRecord record = ref inodes.At(inode);
        if (record.LinkCount == 0 && !IsLookedUp(in record)) return Errno.ESTALE;
        AddLookup(in record, 1);
        attributes = new InodeAttributes(inode, in record);
        return Errno.OK;
    }

    /// <summary>Finds the directory that ".." of a directory leads to, and adds one to its lookup count.</summary>
    public Errno LookupParent(Worker worker, InodeNumber directory, out InodeAttributes attributes)
    {
        attributes = default;
        using InodeGuard guard = locks.Share(worker, directory);
        Errno error = OpenDirectory(directory);
        if (error != Errno.OK) return error;
        // A removed directory still names its parent, which may be gone as well.
        if (inodes.At(directory).LinkCount == 0) return Errno.ESTALE;
        var parent = new InodeNumber(inodes.At(directory).Parent);
        ref readonly InodeRecord record = ref inodes.At(parent);
        AddLookup(in record, 1);
        attributes = new InodeAttributes(parent, in record);
        return Errno.OK;
    }

    /// <summary>The kernel lets go of <paramref name="count"/> references; a file without names goes with the last.</summary>
    public void Forget(Worker worker, InodeNumber inode, ulong count)
    {
        worker.Enter();
        bool isReapable = inodes.Exists(inode) && DropLookups(in inodes.At(inode), count);
        worker.Leave();
        if (!isReapable || State == VolumeState.ReadOnly) return;
        using InodeGuard guard = locks.Own(worker, inode);
        if (inodes.Exists(inode)) ReapIfUnused(worker, inode);
    }

    /// <summary>Lowers a lookup count.</summary>
    /// <returns>Whether nothing holds the inode any more.</returns>
    private bool DropLookups(in InodeRecord record, ulong count)
    {
        ref ulong word = ref Unsafe.AsRef(in record.LookupWord);
        while (true)
        {
            ulong old = Volatile.Read(ref word);
            ulong held = new LookupWord(old).CountIn(Session);
            // A count that ran into its limit no longer knows how many there are: it stays.
            if (held is 0 or LookupWord.CountMax) return held == 0 && record.LinkCount == 0;
            ulong left = held - Math.Min(held, count);
            if (!Store.CompareAndSwap(ref word, old, new LookupWord(left, Session).Value)) continue;
            return left == 0 && record.LinkCount == 0;
        }
    }

    /// <summary>Adds to an inode's lookup count, as a reply that names the inode will.</summary>
    private void AddLookup(in InodeRecord record, ulong count)
    {
        ref ulong word = ref Unsafe.AsRef(in record.LookupWord);
        while (true)
        {
            ulong old = Volatile.Read(ref word);
            ulong sum = Math.Min(new LookupWord(old).CountIn(Session) + count, LookupWord.CountMax);
            if (Store.CompareAndSwap(ref word, old, new LookupWord(sum, Session).Value)) return;
        }
    }

    /// <summary>Whether the kernel may still use the inode.</summary>
    private bool IsLookedUp(in InodeRecord record) =>
        new LookupWord(Volatile.Read(ref Unsafe.AsRef(in record.LookupWord))).CountIn(Session) != 0;

    /// <summary>ESTALE, ENOTDIR or OK. The caller holds the inode's lock.</summary>
    private Errno OpenDirectory(InodeNumber directory)
    {
        if (!inodes.Exists(directory)) return Errno.ESTALE;
        return ModeBits.IsDirectory(inodes.At(directory).Mode) ? Errno.OK : Errno.ENOTDIR;
    }
}
