using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Contents;

/// <summary>
/// Contents in blocks and frames that a map leads to (FORMAT.md, section 8). A file without contents is one hole.
/// </summary>
/// <remarks>A view that keeps nothing beside the record and the map.</remarks>
internal readonly ref partial struct MappedContents
{
    /// <summary>Blocks, frames and nodes that one transaction frees at most.</summary>
    private const int TrimBlocksMax = 4096;

    private readonly Space space;
    private readonly InodeNumber inode;
    private readonly ref readonly InodeRecord record;

    /// <param name="space">The arena.</param>
    /// <param name="inode">The file.</param>
    /// <param name="record">Its record, in the arena.</param>
    public MappedContents(Space space, InodeNumber inode, ref readonly InodeRecord record)
    {
        this.space = space;
        this.inode = inode;
        this.record = ref record;
    }

    /// <summary>The file's map.</summary>
    public ExtentMap Map => new(space, inode, in record);

    /// <summary>Collects where bytes within the size lie; holes are shown by shared zeros.</summary>
    public void Gather(ulong offset, uint length, ref IoVectorList list)
    {
        ExtentMap map = Map;
        for (ulong end = offset + length; offset < end;)
        {
            ulong block = offset >> Layout.BlockSizeLog2;
            Extent extent = map.Find(block, InodeChange.BlocksOf(end) - block);
            ulong skipped = offset - (block << Layout.BlockSizeLog2);
            ulong piece = Math.Min(end - offset, (extent.BlockCount << Layout.BlockSizeLog2) - skipped);
            if (extent.IsHole) AddZeros(ref list, piece);
            else list.Add(space.Arena.AddressOf(extent.Pointer + skipped, piece), (nuint)piece);
            offset += piece;
        }
    }

    /// <summary>Where the bytes from <paramref name="offset"/> on are; null for a hole.</summary>
    /// <param name="offset">Within the size.</param>
    /// <param name="length">Bytes wanted, lowered to those that follow there.</param>
    public ArenaPointer Find(ulong offset, ref ulong length)
    {
        ulong block = offset >> Layout.BlockSizeLog2;
        Extent extent = Map.Find(block, InodeChange.BlocksOf(offset + length) - block);
        ulong skipped = offset - (block << Layout.BlockSizeLog2);
        length = Math.Min(length, (extent.BlockCount << Layout.BlockSizeLog2) - skipped);
        return extent.IsHole ? ArenaPointer.Null : extent.Pointer + skipped;
    }

    /// <summary>Frees blocks of a map, as many as one transaction may, from the range's end backwards.</summary>
    /// <returns>False if some are left.</returns>
    public bool Remove(Transaction transaction, ulong first, ulong end)
    {
        var removal = new Removal(first, end, TrimBlocksMax);
        bool isFinished = Map.Remove(transaction, ref removal);
        ulong removed = Math.Min(removal.Blocks, record.BlockCount);
        if (removed > 0) transaction.Set(in record.BlockCount, record.BlockCount - removed);
        return isFinished;
    }

    /// <summary>Zeroes what has memory in a range.</summary>
    public void Zero(Transaction transaction, ulong offset, ulong end)
    {
        ExtentMap map = Map;
        ulong behind = InodeChange.BlocksOf(end);
        ulong block = offset >> Layout.BlockSizeLog2;
        while (block < behind && (block = map.NextData(block)) < behind)
        {
            Extent extent = map.Find(block, behind - block);
            ulong start = block << Layout.BlockSizeLog2;
            ulong from = Math.Max(offset, start);
            ulong to = Math.Min(end, start + (extent.BlockCount << Layout.BlockSizeLog2));
            if (from < to) transaction.ZeroData(extent.Pointer + (from - start), (int)(to - from));
            block += extent.BlockCount;
        }
    }

    private static void AddZeros(ref IoVectorList list, ulong length)
    {
        for (; length > ZeroRegion.SizeInBytes; length -= ZeroRegion.SizeInBytes)
            list.Add(ZeroRegion.Address, ZeroRegion.SizeInBytes);
        list.Add(ZeroRegion.Address, (nuint)length);
    }
}
