using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Contents;

internal readonly ref partial struct MappedContents
{
    /// <summary>
    /// Fills the hole at <paramref name="block"/> by a frame, or the holes in its leaf by blocks; one transaction.
    /// </summary>
    public Errno ProvideStep(Worker worker, ref ulong block, ulong behind)
    {
        ExtentMap map = Map;
        ulong inFrame = block % Layout.BlocksPerFrame;
        ulong end = Math.Min(behind, block - inFrame + Layout.BlocksPerFrame);
        using Transaction transaction = worker.Begin();
        int nodes = map.NodesToFill(block, end);
        if (!transaction.TryReserve(nodes)) return Errno.ENOSPC;
        if (end - block == Layout.BlocksPerFrame && map.IsFrameFree(block)
            && TryAllocateFrameInto(transaction, block, out ArenaPointer frame, out bool isZeroed))
        {
            if (!isZeroed) transaction.ZeroData(frame, Layout.FrameSizeInBytes);
            InodeChange.AddBlocks(transaction, in record, Layout.BlocksPerFrame);
            block = end;
            transaction.Commit();
            return Errno.OK;
        }
        ulong missing = map.CountHoles(block, end);
        if (!transaction.TryReserve((int)missing)) return Errno.ENOSPC;
        map.Cover(transaction, end - 1);
        for (; block < end; block++)
        {
            if (!map.Find(block, 1).IsHole) continue;
            transaction.ZeroData(AllocateInto(transaction, block), Layout.BlockSizeInBytes);
        }
        InodeChange.AddBlocks(transaction, in record, missing);
        transaction.Commit();
        return Errno.OK;
    }

    /// <summary>
    /// Allocates a block for a place that is a hole, and puts it there. Its bytes are whatever was there before.
    /// </summary>
    public ArenaPointer AllocateInto(Transaction transaction, ulong block)
    {
        ArenaPointer pointer = transaction.AllocateBlock(BlockUse.Of(BlockType.Data, inode, 0, block));
        Map.InsertBlock(transaction, block, pointer);
        return pointer;
    }

    /// <summary>Puts a data frame into a place that is free, if a frame can be had.</summary>
    private bool TryAllocateFrameInto(
        Transaction transaction, ulong block, out ArenaPointer pointer, out bool isZeroed)
    {
        if (!transaction.TryAllocateDataFrame(inode, block, out pointer, out isZeroed)) return false;
        Map.InsertFrame(transaction, block, pointer);
        return true;
    }
}
