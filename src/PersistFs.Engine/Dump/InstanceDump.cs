using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Dump;

/// <summary>The instance table and the pending lists.</summary>
internal sealed class InstanceDump
{
    private readonly ArenaReader image;
    private readonly FrameTableReader table;
    private readonly DumpText text;

    public InstanceDump(ArenaReader image, FrameTableReader table, DumpText text)
    {
        this.image = image;
        this.table = table;
        this.text = text;
    }

    public void Write()
    {
        text.Line("instances");
        for (int slot = 0; slot < Layout.InstanceCount; slot++) WriteInstance(slot);
        text.Line("pending lists");
        for (int list = 0; list < Layout.PendingListCount; list++) WriteList(list);
    }

    private void WriteInstance(int slot)
    {
        InstanceRecord record = image.Read<InstanceRecord>(Layout.InstanceAt(slot));
        if (record.RootInode == 0 && record.Uuid == 0 && slot != 0) return;
        ReadOnlySpan<byte> name = record.Name;
        int end = name.IndexOf((byte)0);
        if (end >= 0) name = name[..end];
        text.Item(
            $"{slot}: root inode {record.RootInode}, name {NameText.Of(name)}, uuid {DumpText.Uuid(record.Uuid)}");
        text.Detail(
            $"inodes at most {Limit(record.InodeCountMax)}, bytes at most {Limit(record.BytesMax)}, bytes reserved "
                + $"{record.BytesReserved}");
        text.Detail(
            $"session {record.Session}, take-overs {record.TakeOvers}, connection {record.Connection}, boot id "
                + $"{DumpText.Uuid(record.BootId)}");
    }

    private void WriteList(int list)
    {
        var inode = new InodeNumber(image.Read<ulong>(
            new ArenaPointer(Layout.PendingListsOffset + (ulong)(list * Layout.PendingListStrideInBytes))));
        var members = new List<string>();
        // A list that runs in a circle ends here as well.
        while (!inode.IsNone && members.Count < text.ItemsMax)
        {
            bool exists = table.TryReadInode(inode, out InodeRecord record);
            members.Add(exists ? $"{inode} (links {record.LinkCount})" : $"{inode} (which is not in use)");
            inode = new InodeNumber(record.PendingNext);
        }
        if (members.Count > 0) text.Item($"{list}: inodes {string.Join(", ", members)}{(inode.IsNone ? "" : " ...")}");
    }

    private static string Limit(ulong value) => value == 0 ? "unlimited" : $"{value}";
}
