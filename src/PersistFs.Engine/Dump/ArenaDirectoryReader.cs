using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;

namespace PersistFs.Engine.Dump;

/// <summary>Nodes and leaves of directories in an image.</summary>
internal sealed class ArenaDirectoryReader
{
    private readonly ArenaReader image;
    private readonly FrameTableReader table;

    public ArenaDirectoryReader(ArenaReader image, FrameTableReader table)
    {
        this.image = image;
        this.table = table;
    }

    /// <summary>The pointer at one place of a node.</summary>
    /// <exception cref="ArenaCorruptException">The node is none of this directory, or not of this place.</exception>
    public DirectoryPointer PointerIn(InodeNumber directory, ArenaPointer node, int depth, ulong prefix, int index)
    {
        RequireNode(directory, node, depth, prefix);
        return new DirectoryPointer(image.Read<ulong>(node + (ulong)(index * sizeof(ulong))));
    }

    /// <summary>All pointers of a node.</summary>
    /// <exception cref="ArenaCorruptException">The node is none of this directory, or not of this place.</exception>
    public ulong[] PointersOf(InodeNumber directory, ArenaPointer node, int depth, ulong prefix)
    {
        RequireNode(directory, node, depth, prefix);
        var pointers = new ulong[1 << DirectoryKey.IndexBits];
        image.Read(node, System.Runtime.InteropServices.MemoryMarshal.AsBytes(pointers.AsSpan()));
        return pointers;
    }

    /// <summary>A copy of a leaf.</summary>
    /// <exception cref="ArenaCorruptException">There is none, or its header cannot be.</exception>
    public DirectoryLeaf LeafAt(InodeNumber directory, ArenaPointer pointer, int nodeDepth)
    {
        BlockType type = table.TypeAt(pointer);
        bool isThere = type == BlockType.DirectoryLeaf
            ? table.IsBlock(pointer, BlockUse.Of(type, directory, nodeDepth, 0))
            : table.IsGeneralObject(pointer, out _);
        if (!isThere) throw new ArenaCorruptException($"there is no leaf of this directory at {pointer}");
        var bytes = new byte[SizeClass.ObjectSize(type)];
        image.Read(pointer, bytes);
        return bytes.Length < DirectoryLeaf.SizeMin
            ? throw new ArenaCorruptException($"the object at {pointer} is too small for a leaf")
            : new DirectoryLeaf(bytes);
    }

    private void RequireNode(InodeNumber directory, ArenaPointer node, int depth, ulong prefix)
    {
        if (!table.IsBlock(node, BlockUse.Of(BlockType.DirectoryNode, directory, depth, prefix)))
            throw new ArenaCorruptException($"there is no node of this directory for depth {depth} at {node}");
    }
}
