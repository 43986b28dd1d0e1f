using PersistFs.Engine.Format;

namespace PersistFs.Engine.Checks;

/// <summary>The map of one file: nodes at their heights and places, blocks counted, zeros past the size.</summary>
internal sealed class MapPass
{
    private const int HeightMax = 6;
    private const int EntriesPerNodeLog2 = 9;

    /// <summary>File blocks up to the largest size, 2^63 - 1.</summary>
    private const ulong FileBlockCountMax = 1UL << 51;

    private readonly CheckContext context;
    private InodeNumber inode;
    private ulong blockCount;
    private ulong firstBlockPastSize;

    public MapPass(CheckContext context) => this.context = context;

    /// <summary>Looks at all of a file's map.</summary>
    public void Check(InodeNumber file, in InodeRecord record, ContentsWord word)
    {
        inode = file;
        blockCount = 0;
        // What is past the size and not yet freed may hold anything.
        firstBlockPastSize = word.NeedsTrim || record.LinkCount == 0
            ? ulong.MaxValue
            : record.Size + (Layout.BlockSizeInBytes - 1) >> Layout.BlockSizeLog2;
        bool isSound = word.Height switch
        {
            0 => word.RootLog2 == 0,
            1 => word.RootLog2 is 3 or 6 or EntriesPerNodeLog2,
            <= HeightMax => word.RootLog2 == EntriesPerNodeLog2,
            _ => false,
        };
        if (!isSound)
        {
            Report(ArenaPointer.Null, $"has a map of height {word.Height} with a root of 2^{word.RootLog2} entries.");
            return;
        }
        CheckEntry(new MapEntry(record.Contents), word.Height, word.RootLog2, 0);
        if (blockCount != record.BlockCount)
            context.Findings.Add(FindingKind.BlockCount, inode, $"has {blockCount} blocks and counts {record.BlockCount}.");
    }

    /// <summary>An entry that covers the file from block <paramref name="position"/> on.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="height">Levels of nodes below it; 0 if it covers one block.</param>
    /// <param name="entriesLog2">log2 of the entries that the node it may lead to has.</param>
    /// <param name="position">First file block it covers.</param>
    private void CheckEntry(MapEntry entry, int height, int entriesLog2, ulong position)
    {
        if (entry.IsHole) return;
        if (position >= FileBlockCountMax) Report(entry.Pointer, $"has something at block {position}, past the largest file.");
        else if (!entry.IsValid) Report(entry.Pointer, $"has an entry 0x{entry.Value:x} for block {position}, which is unknown.");
        else if (entry.IsNode && height > 0) CheckNode(entry.Pointer, height, entriesLog2, position);
        else if (entry.IsBlock && height == 0) CheckBlock(entry.Pointer, position);
        else if (entry.IsFrame && height == 1 && entriesLog2 == EntriesPerNodeLog2) CheckFrame(entry.Pointer, position);
        else Report(entry.Pointer, $"has an entry 0x{entry.Value:x} for block {position}, where its height does not allow it.");
    }

    private void CheckNode(ArenaPointer pointer, int height, int entriesLog2, ulong position)
    {
        int count = 1 << entriesLog2;
        bool isClaimed = entriesLog2 == EntriesPerNodeLog2
            ? context.TryClaimBlock(inode, "its map", pointer, BlockUse.Of(BlockType.MapNode, inode, height, position))
            : context.TryClaimObject(inode, "its map", pointer, SizeClass.Holding(count * sizeof(ulong)));
        if (!isClaimed) return;
        ReadOnlySpan<ulong> entries = context.Arena.Words(pointer, count);
        int blocksPerEntryLog2 = EntriesPerNodeLog2 * (height - 1);
        for (int index = 0; index < count; index++)
        {
            var entry = new MapEntry(entries[index]);
            CheckEntry(entry, height - 1, EntriesPerNodeLog2, position + ((ulong)index << blocksPerEntryLog2));
        }
    }

    private void CheckBlock(ArenaPointer pointer, ulong position)
    {
        BlockUse use = BlockUse.Of(BlockType.Data, inode, 0, position);
        if (!context.TryClaimBlock(inode, "its map", pointer, use)) return;
        blockCount++;
        if (position >= firstBlockPastSize) RequireZero(pointer, 1, position);
    }

    private void CheckFrame(ArenaPointer pointer, ulong position)
    {
        if (!context.TryClaimDataFrame(inode, pointer, position)) return;
        blockCount += Layout.BlocksPerFrame;
        // In the frame that holds the last byte, what is past the size means nothing.
        if (position >= firstBlockPastSize) RequireZero(pointer, Layout.BlocksPerFrame, position);
    }

    private void RequireZero(ArenaPointer pointer, int blocks, ulong position)
    {
        ReadOnlySpan<byte> bytes = context.Arena.Bytes(pointer, blocks << Layout.BlockSizeLog2);
        int index = bytes.IndexOfAnyExcept((byte)0);
        if (index >= 0)
            Report(pointer, $"has block {position + (ulong)(index >> Layout.BlockSizeLog2)} past its size, and it is not zero.");
    }

    private void Report(ArenaPointer position, string message) =>
        context.Findings.AddAt(FindingKind.Contents, inode, position, message);
}
