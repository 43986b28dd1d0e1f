using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Contents;

internal readonly ref partial struct MappedContents
{
    /// <summary>A file that grows past this many blocks (8 MiB) by appending gets data frames.</summary>
    private const ulong AppendFramesFrom = 8 * 1024 * 1024 / Layout.BlockSizeInBytes;

    /// <summary>Brings bytes to where they belong, allocating what is missing.</summary>
    /// <param name="transaction">Has reserved what is missing.</param>
    /// <param name="offset">The first byte's position.</param>
    /// <param name="data">The bytes.</param>
    /// <param name="isPastEnd">Whether bytes were left out, for blocks allocated ahead wholly past the size.</param>
    public void Fill(
        Transaction transaction, ulong offset, ReadOnlySpan<byte> data, out bool isPastEnd)
    {
        ExtentMap map = Map;
        ulong past = InodeChange.BlocksOf(record.Size);
        ulong end = InodeChange.BlocksOf(offset + (ulong)data.Length);
        ulong added = 0;
        isPastEnd = false;
        for (ulong block = offset >> Layout.BlockSizeLog2; block < end;)
        {
            ulong countMax = (block < past ? Math.Min(past, end) : end) - block;
            Extent extent = map.Find(block, countMax);
            bool isFresh = extent.IsHole;
            if (isFresh)
            {
                bool isAppend = offset <= record.Size && block >= past;
                extent = AllocateForWrite(transaction, block, end, isAppend);
                added += extent.IsFrame ? Layout.BlocksPerFrame : 1UL;
            }
            bool isInLastFrame = extent.IsFrame && block - block % Layout.BlocksPerFrame < past;
            if (isFresh || block < past || isInLastFrame)
                CopyTo(transaction, block, extent, offset, data, zeroRest: isFresh && !extent.IsFrame);
            else isPastEnd = true;
            block += extent.BlockCount;
        }
        InodeChange.AddBlocks(transaction, in record, added);
    }

    /// <summary>Fills a hole where bytes are about to go: one block of it, or a frame from here on.</summary>
    private Extent AllocateForWrite(
        Transaction transaction, ulong block, ulong end, bool isAppend)
    {
        ExtentMap map = Map;
        bool wantsFrame = isAppend && block >= AppendFramesFrom && block % Layout.BlocksPerFrame == 0;
        // The frame's bytes behind the write are past the size: they mean nothing and are left as they are.
        if (wantsFrame && !map.Find(block - 1, 1).IsHole && map.IsFrameFree(block)
            && TryAllocateFrameInto(transaction, block, out ArenaPointer frame, out _))
            return new Extent(frame, Math.Min(end - block, Layout.BlocksPerFrame), IsFrame: true);
        return new Extent(AllocateInto(transaction, block), 1, IsFrame: false);
    }

    /// <summary>Copies the part of <paramref name="data"/> that belongs into an extent.</summary>
    private static void CopyTo(
        Transaction transaction, ulong block, Extent extent, ulong offset, ReadOnlySpan<byte> data, bool zeroRest)
    {
        ulong start = block << Layout.BlockSizeLog2;
        int length = (int)extent.BlockCount << Layout.BlockSizeLog2;
        int from = offset > start ? (int)(offset - start) : 0;
        int to = (int)Math.Min((ulong)length, offset + (ulong)data.Length - start);
        if (zeroRest)
        {
            transaction.ZeroData(extent.Pointer, from);
            transaction.ZeroData(extent.Pointer + (ulong)to, length - to);
        }
        transaction.WriteData(extent.Pointer + (ulong)from, data.Slice((int)(start + (ulong)from - offset), to - from));
    }

    /// <summary>Overwrites blocks that are all there and within the size.</summary>
    public void Overwrite(Worker worker, ulong offset, ReadOnlySpan<byte> data)
    {
        ExtentMap map = Map;
        using Transaction transaction = worker.Begin();
        ulong end = InodeChange.BlocksOf(offset + (ulong)data.Length);
        for (ulong block = offset >> Layout.BlockSizeLog2; block < end;)
        {
            Extent extent = map.Find(block, end - block);
            CopyTo(transaction, block, extent, offset, data, zeroRest: false);
            block += extent.BlockCount;
        }
        transaction.Commit();
    }

    /// <summary>
    /// Zeroes what lies behind the size in the block or frame that holds the last byte, before the size grows over it.
    /// </summary>
    /// <param name="transaction">Of the growth.</param>
    /// <param name="size">The size before.</param>
    /// <param name="end">Byte from which on there is no need: what is there will be overwritten.</param>
    public void ZeroTail(Transaction transaction, ulong size, ulong end)
    {
        if (size == 0 || end <= size) return;
        ulong last = (size - 1) >> Layout.BlockSizeLog2;
        Extent extent = Map.Find(last, 1);
        if (extent.IsHole) return;
        ulong behind = extent.IsFrame ? last - last % Layout.BlocksPerFrame + Layout.BlocksPerFrame : last + 1;
        ulong stop = Math.Min(end, behind << Layout.BlockSizeLog2);
        if (stop <= size) return;
        transaction.ZeroData(extent.Pointer + (size - (last << Layout.BlockSizeLog2)), (int)(stop - size));
    }
}
