using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;

namespace PersistFs.Engine.Dump;

/// <summary>The names of one directory, leaf by leaf in the order of their keys.</summary>
internal sealed class DirectoryDump
{
    /// <summary>Leaves looked at: a damaged node may lead to one leaf many times.</summary>
    private const int LeavesMax = 100_000;

    private readonly DumpText text;
    private readonly FrameTableReader table;
    private readonly ArenaDirectoryReader directories;
    private InodeNumber directory;
    private int names;
    private int leaves;

    public DirectoryDump(ArenaReader image, FrameTableReader table, DumpText text)
    {
        this.text = text;
        this.table = table;
        directories = new ArenaDirectoryReader(image, table);
    }

    private bool IsFull => names >= text.ItemsMax || leaves >= LeavesMax;

    public void Write(InodeNumber inode, in InodeRecord record)
    {
        directory = inode;
        text.Item("names");
        WritePointer(new DirectoryPointer(record.Contents), 0, 0);
        if (IsFull) text.Detail("... and more");
    }

    private void WritePointer(DirectoryPointer pointer, int depth, ulong prefix)
    {
        if (pointer.IsNull || IsFull) return;
        try
        {
            if (pointer.IsLeaf) WriteLeaf(pointer.Target, depth);
            else if (pointer.IsNode && depth < DirectoryKey.NodeDepthMax) WriteNode(pointer.Target, depth, prefix);
            else Note($"pointer 0x{pointer.Value:x} at depth {depth}, which cannot be");
        }
        catch (ArenaCorruptException exception)
        {
            Note($"pointer 0x{pointer.Value:x} at depth {depth}: {exception.Message}");
        }
    }

    private void WriteNode(ArenaPointer node, int depth, ulong prefix)
    {
        ulong[] pointers = directories.PointersOf(directory, node, depth, prefix);
        text.Detail($"node {node} at depth {depth}");
        for (int index = 0; index < pointers.Length; index++)
        {
            var pointer = new DirectoryPointer(pointers[index]);
            if (index > 0 && pointer.IsLeaf && pointers[index - 1] == pointer.Value) continue;
            WritePointer(pointer, depth + 1, prefix << DirectoryKey.IndexBits | (uint)index);
        }
    }

    private void WriteLeaf(ArenaPointer pointer, int nodeDepth)
    {
        leaves++;
        DirectoryLeaf leaf = directories.LeafAt(directory, pointer, nodeDepth);
        FillWord fill = leaf.Fill;
        text.Detail(
            $"leaf {pointer} of {leaf.SizeInBytes} bytes at depth {leaf.Header.NodeDepth}, local depth "
                + $"{leaf.Header.LocalDepth}: {fill.LiveCount} names in {fill.SlotCount} slots");
        foreach (uint slot in leaf.Slots)
        {
            int position = new LeafSlot(slot).Position;
            if (position == 0) continue;
            if (IsFull) return;
            ref readonly DirectoryEntryHeader entry = ref leaf.EntryAt(position);
            string state = table.TryReadInode(entry.Inode, out _) ? "" : ", which is not in use";
            Note(
                $"  {NameText.Of(leaf.NameAt(position))}: inode {entry.Inode}{state}, type {entry.EntryType}, key "
                    + $"0x{entry.Key:x16}");
        }
    }

    private void Note(string line)
    {
        if (!IsFull) text.Detail(line);
        names++;
    }
}
