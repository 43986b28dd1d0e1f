using System.Runtime.InteropServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;

namespace PersistFs.Engine.Dump;

/// <summary>The map of one file as extents, and whatever in it leads nowhere.</summary>
internal sealed class MapDump
{
    private readonly ArenaReader image;
    private readonly FrameTableReader table;
    private readonly DumpText text;
    private InodeNumber inode;
    private int items;
    private ulong extentStart;
    private ulong extentCount;
    private ArenaPointer extentPointer;
    private bool isExtentFrame;

    public MapDump(ArenaReader image, FrameTableReader table, DumpText text)
    {
        this.image = image;
        this.table = table;
        this.text = text;
    }

    private bool IsFull => items >= text.ItemsMax;

    public void Write(InodeNumber file, in InodeRecord record)
    {
        inode = file;
        var word = new ContentsWord(record.ContentsWord);
        var shape = new MapShape(word.Height, word.RootLog2);
        if (!shape.IsValid)
        {
            text.Item("the map has an impossible shape");
            return;
        }
        text.Item("extents, in blocks of 4 KiB");
        WriteEntry(new MapEntry(record.Contents), shape, shape.Height, 0);
        EndExtent();
        if (IsFull) text.Detail("... and more");
    }

    private void WriteEntry(MapEntry entry, MapShape shape, int level, ulong position)
    {
        if (entry.IsHole || IsFull) return;
        bool isWholeNode = level > 0 && shape.NodeLog2(level) == MapShape.FanoutLog2;
        if (entry.IsValid && entry.IsNode && level > 0) WriteNode(entry.Pointer, shape, level, position);
        else if (entry.IsValid && entry.IsBlock && level == 0)
            AddBlocks(entry.Pointer, position, 1, IsDataBlock(entry.Pointer, position));
        else if (entry.IsValid && entry.IsFrame && level == 1 && isWholeNode)
            AddBlocks(
                entry.Pointer, position, Layout.BlocksPerFrame, table.IsDataFrame(entry.Pointer, inode, position));
        else
            Note($"{position}: entry 0x{entry.Value:x}, which cannot be at level {level}");
    }

    private void WriteNode(ArenaPointer pointer, MapShape shape, int level, ulong position)
    {
        int log2 = shape.NodeLog2(level);
        bool isThere = log2 == MapShape.FanoutLog2
            ? table.IsBlock(pointer, BlockUse.Of(BlockType.MapNode, inode, level, position))
            : table.IsObject(pointer, SizeClass.Holding(sizeof(ulong) << log2));
        if (!isThere)
        {
            Note($"{position}: node at {pointer}, where none of this file is for level {level}");
            return;
        }
        var entries = new ulong[1 << log2];
        image.Read(pointer, MemoryMarshal.AsBytes(entries.AsSpan()));
        for (int index = 0; index < entries.Length; index++)
        {
            ulong child = position + ((ulong)index << MapShape.EntryCoverageLog2(level));
            WriteEntry(new MapEntry(entries[index]), shape, level - 1, child);
        }
    }

    private void AddBlocks(ArenaPointer pointer, ulong position, ulong count, bool isThere)
    {
        if (!isThere)
        {
            Note($"{position}: {pointer}, where nothing is allocated for it");
            return;
        }
        bool isFrame = count == Layout.BlocksPerFrame;
        bool continues = extentCount > 0 && isFrame == isExtentFrame && position == extentStart + extentCount
            && pointer == extentPointer + (extentCount << Layout.BlockSizeLog2);
        if (!continues)
        {
            EndExtent();
            (extentStart, extentPointer, isExtentFrame) = (position, pointer, isFrame);
        }
        extentCount += count;
    }

    private bool IsDataBlock(ArenaPointer pointer, ulong position) =>
        table.IsBlock(pointer, BlockUse.Of(BlockType.Data, inode, 0, position));

    private void EndExtent()
    {
        if (extentCount == 0) return;
        ulong count = extentCount;
        extentCount = 0;
        string kind = isExtentFrame ? "frames" : "blocks";
        Note($"{extentStart}-{extentStart + count - 1}: {extentPointer}, {kind}");
    }

    private void Note(string line)
    {
        EndExtent();
        if (!IsFull) text.Detail(line);
        items++;
    }
}
