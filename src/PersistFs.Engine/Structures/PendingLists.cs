using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Structures;

/// <summary>
/// Inodes with unfinished work: without a name, or with contents past their size (FORMAT.md, section 9).
/// </summary>
/// <remarks>
/// INVARIANT: an inode is on its list exactly when its contents word says so; the caller owns the inode's lock.
/// </remarks>
internal sealed class PendingLists
{
    private readonly Space space;
    private readonly InodeTable inodes;

    public PendingLists(Space space, InodeTable inodes)
    {
        this.space = space;
        this.inodes = inodes;
    }

    /// <summary>Puts an inode on its list, or only notes that it needs trimming if it is there already.</summary>
    public void Add(Transaction transaction, InodeNumber inode, bool needsTrim)
    {
        ref readonly InodeRecord record = ref inodes.At(inode);
        var word = new ContentsWord(record.ContentsWord);
        if (!word.IsPending) Link(transaction, inode, in record);
        transaction.Set(in record.ContentsWord, word.WithPending(listed: true, word.NeedsTrim || needsTrim).Value);
    }

    /// <summary>Takes an inode off its list.</summary>
    public void Remove(Transaction transaction, InodeNumber inode)
    {
        ref readonly InodeRecord record = ref inodes.At(inode);
        var word = new ContentsWord(record.ContentsWord);
        if (!word.IsPending) return;
        transaction.HoldPendingList(inode.PendingList);
        var next = new InodeNumber(record.PendingNext);
        var previous = new InodeNumber(record.PendingPrevious);
        if (!next.IsNone) RequireLink(inodes.At(next).PendingPrevious, inode);
        RequireLink(previous.IsNone ? Head(inode.PendingList) : inodes.At(previous).PendingNext, inode);
        if (!next.IsNone) transaction.Set(in inodes.At(next).PendingPrevious, previous.Value);
        if (previous.IsNone) transaction.Set(in Head(inode.PendingList), next.Value);
        else transaction.Set(in inodes.At(previous).PendingNext, next.Value);
        transaction.Set(in record.PendingNext, 0UL);
        transaction.Set(in record.PendingPrevious, 0UL);
        transaction.Set(in record.ContentsWord, word.WithPending(listed: false, trim: false).Value);
    }

    /// <summary>
    /// Copies up to <paramref name="found"/>.Length members of a list, from behind <paramref name="after"/> or from
    /// its front.
    /// </summary>
    /// <remarks>They may leave the list as soon as this returns: an action on one locks it and looks again.</remarks>
    public int Peek(int list, InodeNumber after, Span<InodeNumber> found)
    {
        space.PendingLocks.Enter(list);
        try
        {
            bool canResume = inodes.Exists(after) && after.PendingList == list
                && new ContentsWord(inodes.At(after).ContentsWord).IsPending;
            InodeNumber previous = canResume ? after : InodeNumber.None;
            var inode = new InodeNumber(canResume ? inodes.At(after).PendingNext : Head(list));
            int count = 0;
            for (; !inode.IsNone && count < found.Length; count++)
            {
                ref readonly InodeRecord record = ref inodes.At(inode);
                RequireLink(record.PendingPrevious, previous);
                found[count] = previous = inode;
                inode = new InodeNumber(record.PendingNext);
            }
            return count;
        }
        finally
        {
            space.PendingLocks.Exit(list);
        }
    }

    private void Link(Transaction transaction, InodeNumber inode, in InodeRecord record)
    {
        int list = inode.PendingList;
        transaction.HoldPendingList(list);
        ref readonly ulong head = ref Head(list);
        var next = new InodeNumber(head);
        if (!next.IsNone) transaction.Set(in inodes.At(next).PendingPrevious, inode.Value);
        transaction.Set(in inodes.At(inode).PendingNext, next.Value);
        transaction.Set(in inodes.At(inode).PendingPrevious, 0UL);
        transaction.Set(in head, inode.Value);
    }

    private ref readonly ulong Head(int list) => ref space.Arena.At<ulong>(
        new ArenaPointer(Layout.PendingListsOffset + (ulong)list * Layout.PendingListStrideInBytes));

    private static void RequireLink(ulong actual, InodeNumber expected)
    {
        if (actual != expected.Value) throw new ArenaCorruptException("A pending list's links contradict each other.");
    }
}
