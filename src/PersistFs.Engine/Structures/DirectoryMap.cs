using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Structures;

/// <summary>
/// From a name in a directory to an inode: extendible hashing (FORMAT.md, section 10). Finding; the rest is in the
/// other parts.
/// </summary>
/// <remarks>The caller holds the directory's lock: shared to find, exclusive to change.</remarks>
internal sealed partial class DirectoryMap
{
    private const int PointersPerNode = 1 << DirectoryKey.IndexBits;

    private readonly Space space;
    private readonly ulong seedLow;
    private readonly ulong seedHigh;

    public DirectoryMap(Space space, ulong seedLow, ulong seedHigh)
    {
        this.space = space;
        this.seedLow = seedLow;
        this.seedHigh = seedHigh;
    }

    /// <summary>Looks a name up.</summary>
    public bool TryFind(InodeNumber directory, in InodeRecord record, ReadOnlySpan<byte> name, out DirectorySlot slot)
    {
        DirectoryKey key = KeyOf(name);
        DirectoryPath path = Descend(directory, in record, key);
        slot = default;
        if (path.End.IsNull) return false;
        DirectoryLeaf leaf = LeafAt(directory, in path);
        return TryFindIn(in leaf, in path, key, name, out slot);
    }

    /// <summary>Looks a name up in the leaf at the end of a path.</summary>
    private static bool TryFindIn(
        ref readonly DirectoryLeaf leaf, in DirectoryPath path, DirectoryKey key, ReadOnlySpan<byte> name,
        out DirectorySlot slot)
    {
        slot = default;
        int index = leaf.FindSlot(key, name);
        if (index < 0) return false;
        int position = new LeafSlot(leaf.Slots[index]).Position;
        ref readonly DirectoryEntryHeader entry = ref leaf.EntryAt(position);
        slot = new DirectorySlot(
            path.End.Target, index, position, new DirectoryKey(entry.Key), entry.Inode, entry.EntryType);
        return true;
    }

    public DirectoryKey KeyOf(ReadOnlySpan<byte> name) => DirectoryKey.OfName(seedLow, seedHigh, name);

    /// <summary>The way to where a key belongs.</summary>
    public DirectoryPath Descend(InodeNumber directory, in InodeRecord record, DirectoryKey key)
    {
        var path = default(DirectoryPath);
        var pointer = new DirectoryPointer(record.Contents);
        for (int depth = 0; pointer.IsNode; depth++)
        {
            if (depth == DirectoryKey.NodeDepthMax) ThrowTooDeep();
            path.Push(pointer.Target);
            pointer = new DirectoryPointer(NodeAt(directory, depth, key, pointer.Target)[key.IndexAt(depth)]);
        }
        if (!pointer.IsNull && !pointer.IsLeaf) ThrowTooDeep();
        path.End = pointer;
        return path;
    }

    /// <summary>
    /// The pointers of a node, once it has been made sure that it is this directory's node for this key and depth.
    /// </summary>
    public ReadOnlySpan<ulong> NodeAt(InodeNumber directory, int depth, DirectoryKey key, ArenaPointer node)
    {
        space.Table.RequireBlock(node, NodeUse(directory, depth, key));
        return space.Arena.Words(node, PointersPerNode);
    }

    /// <summary>The leaf at the end of a path, once it has been made sure that one is there.</summary>
    public DirectoryLeaf LeafAt(InodeNumber directory, scoped in DirectoryPath path)
    {
        ArenaPointer pointer = path.End.Target;
        BlockType type = space.Table.TypeAt(pointer);
        int size = SizeClass.ObjectSize(type);
        if (type == BlockType.DirectoryLeaf) space.Table.RequireBlock(pointer, LeafUse(directory, path.NodeCount));
        else if (SizeClass.IsSlab(type) && type != BlockType.InodeSlab) space.Table.RequireObject(pointer, type);
        else throw new ArenaCorruptException($"Directory {directory} has a leaf at {pointer}, where there is none.");
        var leaf = new DirectoryLeaf(space.Arena.Bytes(pointer, size));
        if (leaf.Header.NodeDepth != path.NodeCount)
            throw new ArenaCorruptException($"The directory leaf at {pointer} belongs to another depth.");
        return leaf;
    }

    private static BlockUse NodeUse(InodeNumber directory, int depth, DirectoryKey key) =>
        BlockUse.Of(BlockType.DirectoryNode, directory, depth, key.PrefixAt(depth));

    private static BlockUse LeafUse(InodeNumber directory, int nodeDepth) =>
        BlockUse.Of(BlockType.DirectoryLeaf, directory, nodeDepth, 0);

    private static void ThrowTooDeep() =>
        throw new ArenaCorruptException("A directory has a pointer of unknown kind, or too many levels.");
}
