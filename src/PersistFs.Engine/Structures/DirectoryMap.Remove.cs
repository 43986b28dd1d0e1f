using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Structures;

/// <summary>Removing names, and leading a name to another inode.</summary>
internal sealed partial class DirectoryMap
{
    /// <summary>A leaf that uses less than this fraction of itself is written anew, smaller.</summary>
    private const int ShrinkFraction = 4;

    /// <summary>Removes a name that <see cref="TryFind"/> has just found. Needs no room.</summary>
    public void Remove(
        Transaction transaction, InodeNumber directory, ref readonly InodeRecord record, in DirectorySlot slot)
    {
        DirectoryPath path = Descend(directory, in record, slot.Key);
        DirectoryLeaf leaf = LeafAt(directory, in path);
        FillWord fill = leaf.Fill;
        int size = DirectoryEntryHeader.EntrySize(leaf.NameAt(slot.Position).Length);
        transaction.Set(in record.BlockCount, record.BlockCount - 1);
        if (fill.LiveCount <= 1)
        {
            RemoveLeaf(transaction, directory, in record, ref path, slot.Key);
            return;
        }
        transaction.Set(in space.Arena.At<uint>(slot.Leaf + SlotOffset(slot.Index)), 0U);
        var left = new FillWord(fill.SlotCount, fill.HeapStart, fill.LiveBytes - size, fill.LiveCount - 1);
        transaction.Set(in space.Arena.At<LeafHeader>(slot.Leaf).Fill, left.Value);
        bool isSparse = leaf.SizeInBytes > DirectoryLeaf.SizeMin
            && leaf.LiveSizeInBytes < leaf.SizeInBytes / ShrinkFraction;
        if (isSparse && transaction.TryReserve(1, SpaceLevel.Acknowledged))
            _ = Rewrite(
                transaction, directory, in record, in path, slot.Key, DirectoryLeaf.SizeFor(leaf.LiveSizeInBytes));
    }

    /// <summary>Lets a name lead to another inode.</summary>
    public void SetTarget(
        Transaction transaction, in DirectorySlot slot, int nameLength, InodeNumber inode, byte entryType)
    {
        ref readonly DirectoryEntryHeader entry = ref space.Arena.At<DirectoryEntryHeader>(
            slot.Leaf + (ulong)slot.Position);
        transaction.Set(in entry.TargetWord, DirectoryEntryHeader.TargetOf(inode, nameLength, entryType));
    }

    /// <summary>Frees a leaf whose last name goes, and the nodes above that lead nowhere else.</summary>
    private void RemoveLeaf(
        Transaction transaction, InodeNumber directory, ref readonly InodeRecord record, ref DirectoryPath path,
        DirectoryKey key)
    {
        DirectoryLeaf leaf = LeafAt(directory, in path);
        int localDepth = leaf.Header.LocalDepth;
        transaction.Free(path.End.Target, DirectoryLeaf.TypeOf(leaf.SizeInBytes));
        SetPointers(transaction, in record, in path, key, localDepth, DirectoryPointer.Null);
        while (path.NodeCount > 0)
        {
            ArenaPointer node = path.LastNode;
            if (NodeAt(directory, path.NodeCount - 1, key, node).ContainsAnyExcept(0UL)) return;
            transaction.Free(node, BlockType.DirectoryNode);
            path.Pop();
            SetPointers(transaction, in record, in path, key, DirectoryKey.IndexBits, DirectoryPointer.Null);
        }
    }
}
