using System.Runtime.CompilerServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>
/// Which locks of a volume are held while its only other thread is stopped: who wants one of them would wait for
/// ever.
/// </summary>
internal static class LockProbe
{
    private const int StrideInWords = 16;

    /// <summary>Whether an operation on these inodes would have to wait.</summary>
    /// <param name="volume">Nobody is at work in it but a thread that is stopped.</param>
    /// <param name="inodes">The inodes it locks, or puts on pending lists.</param>
    /// <param name="usesAnyPendingList">Whether it makes inodes that go to pending lists.</param>
    /// <param name="movesBetweenDirectories">Whether it is a rename from one directory to another.</param>
    public static bool WouldWait(
        Volume volume, IEnumerable<InodeNumber> inodes, bool usesAnyPendingList, bool movesBetweenDirectories)
    {
        if (IsFrameHeld(volume) || IsHeld(GuardOf(volume.Space.Allocator.Supply))) return true;
        if (movesBetweenDirectories && IsHeld(RenameLockOf(volume.DefaultTree))) return true;
        int[] stripes = WordsOf(LocksOf(volume));
        int[] lists = WordsOf(volume.Space.PendingLocks);
        if (WordsOf(volume.Space.LookupLocks).Any(word => word != 0)) return true;
        if (usesAnyPendingList && lists.Any(word => word != 0)) return true;
        return inodes.Any(inode => stripes[InodeLocks.StripeOf(inode) * StrideInWords] != 0
            || lists[inode.PendingList * StrideInWords] != 0);
    }

    private static bool IsFrameHeld(Volume volume)
    {
        FrameHints hints = HintsOf(volume.Space.Allocator);
        for (uint frame = 0; frame < volume.Space.Table.FrameCount; frame++)
        {
            if (hints.IsHeld(frame)) return true;
        }
        return false;
    }

    private static bool IsHeld(Lock wanted)
    {
        if (!wanted.TryEnter()) return true;
        wanted.Exit();
        return false;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "hints")]
    private static extern ref FrameHints HintsOf(BlockAllocator allocator);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "guard")]
    private static extern ref Lock GuardOf(FrameSupply supply);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "renameLock")]
    private static extern ref Lock RenameLockOf(Tree tree);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "locks")]
    private static extern ref InodeLocks LocksOf(Volume volume);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "words")]
    private static extern ref int[] WordsOf(InodeLocks locks);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "words")]
    private static extern ref int[] WordsOf(TransactionLocks locks);
}
