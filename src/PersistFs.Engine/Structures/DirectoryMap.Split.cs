using System.Runtime.InteropServices;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Structures;

/// <summary>Splitting a full leaf by the next bit of its keys.</summary>
internal sealed partial class DirectoryMap
{
    /// <summary>
    /// How often the leaf where <paramref name="key"/> belongs must be split until the new entry fits; -1 if never.
    /// </summary>
    private static int CountSplits(ref readonly DirectoryLeaf leaf, int nodeDepth, DirectoryKey key, int entrySize)
    {
        int needed = leaf.LiveSizeInBytes + entrySize + LeafSlot.SizeInBytes;
        bool hasGap = leaf.GapInBytes >= entrySize + LeafSlot.SizeInBytes;
        if (hasGap || needed <= DirectoryLeaf.SizeMax) return 0;
        int sharedBits = SharedBits(nodeDepth, leaf.Header.LocalDepth);
        for (int splits = 1; sharedBits + splits <= DirectoryKey.IndexBits * DirectoryKey.NodeDepthMax; splits++)
        {
            int size = LeafHeader.SizeInBytes + entrySize + LeafSlot.SizeInBytes;
            foreach (uint slot in leaf.Slots)
            {
                int position = new LeafSlot(slot).Position;
                if (position == 0) continue;
                ulong difference = leaf.EntryAt(position).Key ^ key.Value;
                if (difference >> DirectoryKey.Bits - sharedBits - splits != 0) continue;
                size += LeafSlot.SizeInBytes + DirectoryEntryHeader.EntrySize(leaf.NameAt(position).Length);
            }
            if (size <= DirectoryLeaf.SizeMax) return splits;
        }
        return -1;
    }

    /// <summary>Bits from the top that all keys of a leaf share.</summary>
    private static int SharedBits(int nodeDepth, int localDepth) =>
        nodeDepth == 0 ? 0 : DirectoryKey.IndexBits * (nodeDepth - 1) + localDepth;

    /// <summary>
    /// Splits the leaf where <paramref name="key"/> belongs once, putting a node above it where it has none of its
    /// own bits left.
    /// </summary>
    private void Split(
        Transaction transaction, InodeNumber directory, ref readonly InodeRecord record, DirectoryKey key)
    {
        DirectoryPath path = Descend(directory, in record, key);
        DirectoryLeaf leaf = LeafAt(directory, in path);
        int localDepth = leaf.Header.LocalDepth;
        bool needsNode = path.NodeCount == 0 || localDepth == DirectoryKey.IndexBits;
        int nodeDepth = needsNode ? path.NodeCount + 1 : path.NodeCount;
        int newLocalDepth = needsNode ? 1 : localDepth + 1;
        int bit = SharedBits(nodeDepth, newLocalDepth) - 1;
        DirectoryPointer low = StoreHalf(transaction, directory, ref leaf, nodeDepth, newLocalDepth, bit, 0);
        DirectoryPointer high = StoreHalf(transaction, directory, ref leaf, nodeDepth, newLocalDepth, bit, 1);
        transaction.Free(path.End.Target, DirectoryLeaf.TypeOf(leaf.SizeInBytes));
        if (needsNode)
        {
            DirectoryPointer node = StoreNode(transaction, directory, path.NodeCount, key, low, high);
            // A leaf of full local depth has one slot of the node above; one that the inode points to has the inode's
            // word.
            SetPointers(transaction, in record, in path, key, DirectoryKey.IndexBits, node);
            return;
        }
        int count = 1 << DirectoryKey.IndexBits - newLocalDepth;
        int first = key.IndexAt(path.NodeCount - 1) & ~(2 * count - 1);
        for (int index = 0; index < 2 * count; index++)
            SetPointer(transaction, path.LastNode, first + index, index < count ? low : high);
    }

    /// <summary>
    /// Stores a leaf with those entries whose key has <paramref name="value"/> at a bit; nothing if there are none.
    /// </summary>
    private DirectoryPointer StoreHalf(
        Transaction transaction, InodeNumber directory, ref DirectoryLeaf leaf, int nodeDepth, int localDepth, int bit,
        int value)
    {
        int needed = LeafHeader.SizeInBytes;
        foreach (uint slot in leaf.Slots)
        {
            int position = new LeafSlot(slot).Position;
            if (position == 0 || new DirectoryKey(leaf.EntryAt(position).Key).BitAt(bit) != value) continue;
            needed += LeafSlot.SizeInBytes + DirectoryEntryHeader.EntrySize(leaf.NameAt(position).Length);
        }
        if (needed == LeafHeader.SizeInBytes) return DirectoryPointer.Null;
        Span<byte> bytes = transaction.Worker.Scratch.AsSpan(0, DirectoryLeaf.SizeFor(needed));
        var builder = new LeafBuilder(bytes, nodeDepth, localDepth);
        foreach (uint slot in leaf.Slots)
        {
            int position = new LeafSlot(slot).Position;
            if (position == 0) continue;
            ref readonly DirectoryEntryHeader entry = ref leaf.EntryAt(position);
            var key = new DirectoryKey(entry.Key);
            if (key.BitAt(bit) == value) builder.Add(key, entry.TargetWord, leaf.NameAt(position));
        }
        return StoreLeaf(transaction, directory, nodeDepth, bytes);
    }

    private DirectoryPointer StoreNode(
        Transaction transaction, InodeNumber directory, int depth, DirectoryKey key, DirectoryPointer low,
        DirectoryPointer high)
    {
        Span<byte> bytes = transaction.Worker.Scratch.AsSpan(0, Layout.BlockSizeInBytes);
        Span<ulong> pointers = MemoryMarshal.Cast<byte, ulong>(bytes);
        pointers[..(PointersPerNode / 2)].Fill(low.Value);
        pointers[(PointersPerNode / 2)..].Fill(high.Value);
        ArenaPointer node = transaction.AllocateBlock(NodeUse(directory, depth, key));
        transaction.WriteData(node, bytes);
        return DirectoryPointer.Node(node);
    }
}
