using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Check;

/// <summary>The instance table: each tree has a root directory of its own.</summary>
internal sealed class InstancePass
{
    private readonly CheckContext context;

    public InstancePass(CheckContext context) => this.context = context;

    public void Run()
    {
        for (int slot = 0; slot < Layout.InstanceCount; slot++)
        {
            ref readonly InstanceRecord record = ref context.InstanceAt(slot);
            var position = context.Arena.PointerTo(in record);
            if (record.RootInode != 0) CheckRoot(slot, position, new InodeNumber(record.RootInode));
            else if (slot == 0)
            {
                context.Findings.Add(FindingKind.Instance, position, "The first instance has no root directory.");
            }
            if (record.Session > Layout.SessionMax)
                context.Findings.Add(
                    FindingKind.Instance,
                    position,
                    $"Instance {slot} has session {record.Session}.",
                    Clear(in record.Session, $"Instance {slot} has no session now."));
            CheckName(slot, position, record.Name);
        }
    }

    private void CheckRoot(int slot, ArenaPointer position, InodeNumber root)
    {
        if (!context.IsInode(root) || !ModeBits.IsDirectory(context.RecordOf(root).Mode))
        {
            context.Findings.Add(
                FindingKind.Instance,
                position,
                $"The root of instance {slot} is inode {root}, which is no directory.",
                slot == 0 ? null : ClearRoot(slot));
            return;
        }
        ref readonly InodeRecord record = ref context.RecordOf(root);
        if (record.Parent != root.Value || new ContentsWord(record.ContentsWord).Instance != slot)
            context.Findings.Add(FindingKind.Instance, root, $"is the root of instance {slot}, but not its own "
                + $"parent or of another instance.", Repairs.Record(
                RepairStage.Instance, root, $"is its own parent, and of instance {slot}", (
                    Transaction transaction, ref readonly InodeRecord field) =>
                    Root(transaction, in field, root, slot)));
        if ((context.Tally.MarksOf(root) & InodeReferences.Marks.Root) != 0)
            context.Findings.Add(FindingKind.Instance, root, "is the root of two instances.", ClearRoot(slot));
        // Its link count is not known yet; it is found when the directory has been read.
        if (record.LinkCount == 0)
            context.Findings.Add(FindingKind.Instance, root, "is a root and has no links.", Repairs.Record(
                RepairStage.Instance, root, "its link count is 2 now", (
                    Transaction transaction, ref readonly InodeRecord field) =>
                    transaction.Set(in field.LinkCount, 2U)));
        context.Tally.Mark(root, InodeReferences.Marks.Root | InodeReferences.Marks.Connected);
    }

    private Repair ClearRoot(int slot) =>
        Clear(in context.InstanceAt(slot).RootInode, $"Instance {slot} has no tree any more.");

    private Repair Clear(ref readonly ulong field, string what) =>
        HeaderRepairs.Instance(context.Arena.PointerTo(in field), 0, what);

    private static void Root(Transaction transaction, ref readonly InodeRecord record, InodeNumber root, int slot)
    {
        transaction.Set(in record.Parent, root.Value);
        transaction.Set(in record.ContentsWord, new ContentsWord(record.ContentsWord).WithInstance(slot).Value);
    }

    private void CheckName(int slot, ArenaPointer position, ReadOnlySpan<byte> name)
    {
        int end = name.IndexOf((byte)0);
        if (end >= 0 && name[end..].ContainsAnyExcept((byte)0))
            context.Findings.Add(
                FindingKind.Instance,
                position,
                $"The name of instance {slot} has bytes behind its end.",
                HeaderRepairs.Zero(position.Value + 128 + (ulong)end, name.Length - end));
    }
}
