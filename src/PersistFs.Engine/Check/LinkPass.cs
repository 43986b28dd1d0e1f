using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Check;

/// <summary>
/// Once all names and pending lists are known: link counts, orphans, and the way up from every directory.
/// </summary>
internal sealed class LinkPass
{
    private const InodeReferences.Marks ConnectionMarks =
        InodeReferences.Marks.Connected | InodeReferences.Marks.Detached;

    private readonly CheckContext context;

    public LinkPass(CheckContext context) => this.context = context;

    public void Run()
    {
        foreach (InodeNumber inode in context.AllocatedInodes("links"))
        {
            ref readonly InodeRecord record = ref context.RecordOf(inode);
            if (record.Mode == 0) continue;
            CheckPending(inode, in record);
            CheckLinks(inode, in record);
            if (ModeBits.IsDirectory(record.Mode) && record.LinkCount > 0) CheckConnection(inode);
        }
    }

    private void CheckPending(InodeNumber inode, in InodeRecord record)
    {
        var word = new ContentsWord(record.ContentsWord);
        bool isListed = (context.Tally.MarksOf(inode) & InodeReferences.Marks.Listed) != 0;
        if (isListed != word.IsPending)
            Report(
                FindingKind.PendingList,
                inode,
                isListed ? "is on a pending list and not flagged so." : "is flagged as pending and on no list.",
                LinkRepairs.RebuildPendingLists);
        bool isOrphan = record.LinkCount == 0;
        if (isOrphan && !isListed)
        {
            Report(
                FindingKind.PendingList,
                inode,
                "has no links and is on no pending list.",
                LinkRepairs.RebuildPendingLists);
        }
        if (isListed && !isOrphan && !word.NeedsTrim)
        {
            Report(
                FindingKind.PendingList, inode, "is on a pending list for no reason.", LinkRepairs.RebuildPendingLists);
        }
    }

    private void CheckLinks(InodeNumber inode, in InodeRecord record)
    {
        uint names = context.Tally.NamesOf(inode);
        bool isDirectory = ModeBits.IsDirectory(record.Mode);
        bool isRoot = (context.Tally.MarksOf(inode) & InodeReferences.Marks.Root) != 0;
        // The link count of a directory speaks of the directories in it; it has one name, a root none.
        uint expected = isDirectory && record.LinkCount > 0 ? isRoot ? 0u : 1u : record.LinkCount;
        if (names == expected) return;
        if (names == 0)
        {
            Report(
                FindingKind.UnreachableInode,
                inode,
                $"has link count {record.LinkCount} and no name leads to it.",
                LinkRepairs.Adopt(inode));
            return;
        }
        bool hasTooManyNames = isDirectory && record.LinkCount > 0;
        Report(
            FindingKind.LinkCount, inode, $"has {names} names and link count {record.LinkCount}.",
            hasTooManyNames ? LinkRepairs.RemoveSecondName(
                inode) : LinkRepairs.SetLinkCount(inode, isDirectory ? 2 : names));
    }

    private void CheckConnection(InodeNumber directory)
    {
        if ((context.Tally.MarksOf(directory) & ConnectionMarks) == 0)
        {
            InodeReferences.Marks result = FindConnection(directory);
            context.Tally.Mark(directory, result);
            // What was passed on the way is known now as well, so each directory is passed a few times at most.
            for (InodeNumber step = ParentOf(directory); IsUnknown(step); step = ParentOf(step)) context.Tally.Mark(
                step, result);
        }
        bool isDetached = (context.Tally.MarksOf(directory) & InodeReferences.Marks.Detached) != 0;
        if (isDetached && context.Tally.NamesOf(directory) > 0)
            Report(
                FindingKind.DetachedDirectory,
                directory,
                "is a directory from which no way leads up to a root.",
                LinkRepairs.BreakCircle(directory));
    }

    /// <summary>Follows the parents up to a directory that is known; Brent's method notices a circle.</summary>
    private InodeReferences.Marks FindConnection(InodeNumber directory)
    {
        InodeNumber anchor = directory;
        InodeNumber step = directory;
        for (ulong length = 1, limit = 2; IsLinkedDirectory(step); length++)
        {
            if (!IsUnknown(step)) return context.Tally.MarksOf(step) & ConnectionMarks;
            step = ParentOf(step);
            if (step == anchor) return InodeReferences.Marks.Detached;
            if (length < limit) continue;
            anchor = step;
            limit *= 2;
            length = 0;
        }
        return InodeReferences.Marks.Detached;
    }

    private bool IsUnknown(InodeNumber directory) =>
        IsLinkedDirectory(directory) && (context.Tally.MarksOf(directory) & ConnectionMarks) == 0;

    /// <summary>Whether the way up may pass here: a directory with a name, or a root.</summary>
    private bool IsLinkedDirectory(InodeNumber inode)
    {
        if (!context.IsInode(inode) || !ModeBits.IsDirectory(context.RecordOf(inode).Mode)) return false;
        bool isRoot = (context.Tally.MarksOf(inode) & InodeReferences.Marks.Root) != 0;
        return isRoot || context.RecordOf(inode).LinkCount > 0 && context.Tally.NamesOf(inode) > 0;
    }

    private InodeNumber ParentOf(InodeNumber directory) => new(context.RecordOf(directory).Parent);

    private void Report(FindingKind kind, InodeNumber inode, string message, Repair repair) =>
        context.Findings.Add(kind, inode, message, repair);
}
