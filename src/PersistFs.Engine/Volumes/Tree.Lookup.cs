using System.Runtime.CompilerServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Names looked up, and the kernel's references counted.</summary>
public sealed partial class Tree
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
        attributes = CountLookup(worker, slot.Inode);
        return Errno.OK;
    }

    /// <summary>
    /// Finds an inode by its number, as a file handle of open_by_handle_at(2) does, and adds one to its lookup count.
    /// </summary>
    /// <returns>ESTALE when no file of this tree with a name or a reference has the number.</returns>
    public Errno LookupSelf(Worker worker, InodeNumber inode, out InodeAttributes attributes)
    {
        attributes = default;
        using InodeGuard guard = locks.Share(worker, inode);
        if (!inodes.Exists(inode)) return Errno.ESTALE;
        ref readonly InodeRecord record = ref inodes.At(inode);
        if (new ContentsWord(record.ContentsWord).Instance != Slot) return Errno.ESTALE;
        if (record.LinkCount == 0 && !IsLookedUp(inode, in record)) return Errno.ESTALE;
        attributes = CountLookup(worker, inode);
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
        attributes = CountLookup(worker, parent);
        return Errno.OK;
    }

    /// <summary>
    /// A request lets go of references, of one inode after the other; some of it may be done already, by a server
    /// that died.
    /// </summary>
    /// <returns>How many inodes it has let go of.</returns>
    public int BeginForget(Worker worker, ulong request)
    {
        ref readonly WorkerHeader header = ref worker.Journal.Header;
        if (header.ForgetRequest == request && header.ForgetSession == Session)
        {
            return (int)Math.Min(header.Forgotten, int.MaxValue);
        }
        Store.Word(ref Unsafe.AsRef(in header.ForgetRequest), 0UL);
        Store.Word(ref Unsafe.AsRef(in header.Forgotten), 0UL);
        Store.Word(ref Unsafe.AsRef(in header.ForgetSession), (ulong)Session);
        Store.Word(ref Unsafe.AsRef(in header.ForgetRequest), request);
        return 0;
    }

    /// <summary>
    /// The kernel lets go of <paramref name="count"/> references; a file without names goes with the last.
    /// </summary>
    /// <param name="worker">The calling thread's worker.</param>
    /// <param name="inode">The inode, which may be none.</param>
    /// <param name="count">References.</param>
    /// <param name="isStep">
    /// Whether it is a step of the request that <see cref="BeginForget"/> has begun, never to be done twice.
    /// </param>
    public void Forget(Worker worker, InodeNumber inode, ulong count, bool isStep = false)
    {
        if (volume.State == VolumeState.ReadOnly) return;
        worker.Enter();
        bool isReapable = Drop(worker, inode, count, isStep);
        worker.Leave();
        if (!isReapable) return;
        using InodeGuard guard = locks.Own(worker, inode);
        if (inodes.Exists(inode)) ReapIfUnused(worker, inode);
    }

    /// <summary>Lowers a lookup count, in a transaction of its own.</summary>
    /// <returns>Whether nothing holds the inode any more.</returns>
    private bool Drop(Worker worker, InodeNumber inode, ulong count, bool isStep)
    {
        using Transaction transaction = worker.Begin();
        bool isReapable = inodes.Exists(inode) && DropLookups(transaction, inode, in inodes.At(inode), count);
        ref readonly ulong forgotten = ref worker.Journal.Header.Forgotten;
        if (isStep) transaction.Set(in forgotten, forgotten + 1);
        transaction.Commit();
        return isReapable;
    }

    /// <summary>Lowers a lookup count.</summary>
    /// <returns>Whether nothing holds the inode any more.</returns>
    private bool DropLookups(Transaction transaction, InodeNumber inode, ref readonly InodeRecord record, ulong count)
    {
        transaction.HoldLookups(inode);
        ulong held = new LookupWord(record.LookupWord).CountIn(Session);
        // A count that ran into its limit no longer knows how many there are: it stays.
        if (held is 0 or LookupWord.CountMax) return held == 0 && record.LinkCount == 0;
        ulong left = held - Math.Min(held, count);
        transaction.Set(in record.LookupWord, new LookupWord(left, Session).Value);
        return left == 0 && record.LinkCount == 0;
    }

    /// <summary>Counts a lookup as the whole of a request.</summary>
    private InodeAttributes CountLookup(Worker worker, InodeNumber inode)
    {
        ref readonly InodeRecord record = ref inodes.At(inode);
        // A damaged arena is changed no more; what the kernel holds is lost with the session then.
        if (volume.State == VolumeState.ReadOnly) return new InodeAttributes(inode, in record);
        using Transaction transaction = worker.Begin();
        AddLookup(transaction, inode, in record);
        transaction.Complete(inode, in record);
        transaction.Commit();
        return new InodeAttributes(inode, in record);
    }

    /// <summary>Adds one to an inode's lookup count, as a reply that names the inode will.</summary>
    private void AddLookup(Transaction transaction, InodeNumber inode, ref readonly InodeRecord record)
    {
        transaction.HoldLookups(inode);
        ulong sum = Math.Min(new LookupWord(record.LookupWord).CountIn(Session) + 1, LookupWord.CountMax);
        transaction.Set(in record.LookupWord, new LookupWord(sum, Session).Value);
    }

    /// <summary>Whether the kernel may still use the inode. No transaction is open that has changed that.</summary>
    private bool IsLookedUp(InodeNumber inode, in InodeRecord record)
    {
        int index = Space.LookupLockOf(inode);
        space.LookupLocks.Enter(index);
        bool isLookedUp = new LookupWord(record.LookupWord).CountIn(Session) != 0;
        space.LookupLocks.Exit(index);
        return isLookedUp;
    }

    /// <summary>ESTALE, ENOTDIR or OK. The caller holds the inode's lock.</summary>
    private Errno OpenDirectory(InodeNumber directory)
    {
        if (!inodes.Exists(directory)) return Errno.ESTALE;
        return ModeBits.IsDirectory(inodes.At(directory).Mode) ? Errno.OK : Errno.ENOTDIR;
    }
}
