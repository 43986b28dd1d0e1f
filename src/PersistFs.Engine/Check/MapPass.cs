using PersistFs.Engine.Format;

namespace PersistFs.Engine.Check;

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
            context.Findings.Add(
                FindingKind.Contents, inode, $"has a map of height {word.Height} with a root of 2^{word.RootLog2} "
                    + $"entries.",
                Repairs.Record(RepairStage.Pointer, inode, "its contents are lost", RecordRepairs.DropContents));
            return;
        }
        CheckEntry(context.Arena.PointerTo(in record.Contents), word.Height, word.RootLog2, 0);
        if (blockCount != record.BlockCount)
            context.Findings.Add(
                FindingKind.BlockCount,
                inode,
                $"has {blockCount} blocks and counts {record.BlockCount}.",
                Repairs.SetBlockCount(inode, blockCount));
    }

    /// <summary>An entry that covers the file from block <paramref name="position"/> on.</summary>
    /// <param name="link">Where the entry lies.</param>
    /// <param name="height">Levels of nodes below it; 0 if it covers one block.</param>
    /// <param name="entriesLog2">log2 of the entries that the node it may lead to has.</param>
    /// <param name="position">First file block it covers.</param>
    private void CheckEntry(ArenaPointer link, int height, int entriesLog2, ulong position)
    {
        var entry = new MapEntry(context.Arena.At<ulong>(link));
        if (entry.IsHole) return;
        if (position >= FileBlockCountMax) Report(link, $"has something at block {position}, past the largest file.");
        else if (!entry.IsValid)
            Report(link, $"has an entry 0x{entry.Value:x} for block {position}, which is unknown.");
        else if (entry.IsNode && height > 0) CheckNode(link, entry, height, entriesLog2, position);
        else if (entry.IsBlock && height == 0) CheckBlock(link, entry, position);
        else if (entry.IsFrame && height == 1 && entriesLog2 == EntriesPerNodeLog2) CheckFrame(link, entry, position);
        else Report(link, $"has an entry 0x{entry.Value:x} for block {position}, where its height does not allow it.");
    }

    private void CheckNode(ArenaPointer link, MapEntry node, int height, int entriesLog2, ulong position)
    {
        ArenaPointer pointer = node.Pointer;
        var way = new IncomingLink(link, node.Value);
        int count = 1 << entriesLog2;
        bool isClaimed = entriesLog2 == EntriesPerNodeLog2
            ? context.TryClaimBlock(
                inode, "its map", pointer, BlockUse.Of(BlockType.MapNode, inode, height, position), way)
            : context.TryClaimObject(inode, "its map", pointer, SizeClass.Holding(count * sizeof(ulong)), way);
        if (!isClaimed) return;
        int blocksPerEntryLog2 = EntriesPerNodeLog2 * (height - 1);
        for (int index = 0; index < count; index++)
        {
            ArenaPointer entry = pointer + (ulong)(index * sizeof(ulong));
            CheckEntry(entry, height - 1, EntriesPerNodeLog2, position + ((ulong)index << blocksPerEntryLog2));
        }
    }

    private void CheckBlock(ArenaPointer link, MapEntry entry, ulong position)
    {
        BlockUse use = BlockUse.Of(BlockType.Data, inode, 0, position);
        if (!context.TryClaimBlock(inode, "its map", entry.Pointer, use, new IncomingLink(link, entry.Value))) return;
        blockCount++;
        if (position >= firstBlockPastSize) RequireZero(link, entry, 1, position);
    }

    private void CheckFrame(ArenaPointer link, MapEntry entry, ulong position)
    {
        if (!context.TryClaimDataFrame(inode, entry.Pointer, position, new IncomingLink(link, entry.Value))) return;
        blockCount += Layout.BlocksPerFrame;
        // In the frame that holds the last byte, what is past the size means nothing.
        if (position >= firstBlockPastSize) RequireZero(link, entry, Layout.BlocksPerFrame, position);
    }

    private void RequireZero(ArenaPointer link, MapEntry entry, int blocks, ulong position)
    {
        ReadOnlySpan<byte> bytes = context.Arena.Bytes(entry.Pointer, blocks << Layout.BlockSizeLog2);
        int index = bytes.IndexOfAnyExcept((byte)0);
        if (index >= 0)
            Report(
                link,
                $"has block {position + (ulong)(index >> Layout.BlockSizeLog2)} past its size, and it is not zero.");
    }

    /// <summary>Something is wrong with what the entry at <paramref name="link"/> leads to.</summary>
    private void Report(ArenaPointer link, string message)
    {
        ulong entry = context.Arena.At<ulong>(link);
        context.Findings.AddAt(
            FindingKind.Contents, inode, new MapEntry(entry).Pointer, message, Repairs.Redirect(inode, link, entry));
    }
}
