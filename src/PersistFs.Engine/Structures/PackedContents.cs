using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Structures;

/// <summary>Contents that lie in one object (FORMAT.md, section 8).</summary>
internal static class PackedContents
{
    /// <summary>
    /// The slab type of the object that holds a file's bytes; its objects hold at least the file's size.
    /// </summary>
    /// <exception cref="ArenaCorruptException">There is no such object.</exception>
    public static BlockType RequireSlab(Space space, in InodeRecord record)
    {
        FrameTable table = space.Table;
        var pointer = new ArenaPointer(record.Contents);
        if (table.IsInAllocatedBlock(pointer))
        {
            BlockType slab = table.BlockAt(pointer.Frame, pointer.BlockInFrame).Type;
            bool isObject = slab is >= BlockType.FirstSlab and <= BlockType.LastSlab && table.IsObject(pointer, slab);
            if (isObject && record.Size <= (ulong)SizeClass.ObjectSize(slab)) return slab;
        }
        throw new ArenaCorruptException($"Packed contents are not at {pointer}.");
    }
}
