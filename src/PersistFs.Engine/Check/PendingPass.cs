using PersistFs.Engine.Format;

namespace PersistFs.Engine.Check;

/// <summary>
/// The pending lists, forwards with every backward link; each inode on at most one of them, and once.
/// </summary>
internal sealed class PendingPass
{
    private readonly CheckContext context;

    public PendingPass(CheckContext context) => this.context = context;

    public void Run()
    {
        for (int list = 0; list < Layout.PendingListCount; list++) WalkList(list);
    }

    private void WalkList(int list)
    {
        var previous = InodeNumber.None;
        var inode = new InodeNumber(context.Arena.At<ulong>(
            new ArenaPointer(Layout.PendingListsOffset + (ulong)(list * Layout.PendingListStrideInBytes))));
        while (!inode.IsNone)
        {
            if (!context.IsInode(inode))
            {
                context.Findings.Add(
                    FindingKind.PendingList,
                    $"Pending list {list} leads from inode {previous} to {inode}, which is not in use.",
                    LinkRepairs.RebuildPendingLists);
                return;
            }
            if ((context.Tally.MarksOf(inode) & InodeReferences.Marks.Listed) != 0)
            {
                context.Findings.Add(
                    FindingKind.PendingList,
                    inode,
                    $"is on pending list {list} twice, or on another as well.",
                    LinkRepairs.RebuildPendingLists);
                return;
            }
            context.Tally.Mark(inode, InodeReferences.Marks.Listed);
            context.PendingInodes++;
            ref readonly InodeRecord record = ref context.RecordOf(inode);
            if (inode.PendingList != list)
                context.Findings.Add(
                    FindingKind.PendingList,
                    inode,
                    $"is on pending list {list} and belongs to {inode.PendingList}.",
                    LinkRepairs.RebuildPendingLists);
            if (record.PendingPrevious != previous.Value)
                context.Findings.Add(
                    FindingKind.PendingList,
                    inode,
                    $"follows {previous} on its pending list and names {record.PendingPrevious} as the one before.",
                    LinkRepairs.RebuildPendingLists);
            previous = inode;
            inode = new InodeNumber(record.PendingNext);
        }
    }
}
