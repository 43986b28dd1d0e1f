using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Checks;

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
            else if (slot == 0) context.Findings.Add(FindingKind.Instance, position, "The first instance has no root directory.");
            if (record.Session > Layout.SessionMax)
                context.Findings.Add(FindingKind.Instance, position, $"Instance {slot} has session {record.Session}.");
            CheckName(slot, position, record.Name);
        }
    }

    private void CheckRoot(int slot, ArenaPointer position, InodeNumber root)
    {
        if (!context.IsInode(root) || !ModeBits.IsDirectory(context.RecordOf(root).Mode))
        {
            context.Findings.Add(FindingKind.Instance, position, $"The root of instance {slot} is inode {root}, which is no directory.");
            return;
        }
        ref readonly InodeRecord record = ref context.RecordOf(root);
        if (record.Parent != root.Value || new ContentsWord(record.ContentsWord).Instance != slot)
            context.Findings.Add(FindingKind.Instance, root, $"is the root of instance {slot}, but not its own parent or of another instance.");
        if ((context.Tally.MarksOf(root) & InodeTally.Marks.Root) != 0)
            context.Findings.Add(FindingKind.Instance, root, "is the root of two instances.");
        context.Tally.Mark(root, InodeTally.Marks.Root | InodeTally.Marks.Connected);
    }

    private void CheckName(int slot, ArenaPointer position, ReadOnlySpan<byte> name)
    {
        int end = name.IndexOf((byte)0);
        if (end >= 0 && name[end..].ContainsAnyExcept((byte)0))
            context.Findings.Add(FindingKind.Instance, position, $"The name of instance {slot} has bytes behind its end.");
    }
}
