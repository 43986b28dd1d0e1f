using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Work that nobody waits for: orphans of dead sessions, memory given back, memory fetched ahead.</summary>
public sealed partial class Volume
{
    /// <summary>Free frames kept ready even when nothing uses them.</summary>
    private const int StockFramesMin = 2;

    /// <summary>One free frame is kept for this many that are present.</summary>
    private const int StockFraction = 32;

    private const int ReleaseBatch = 32;
    private const int ReapBatch = 64;

    /// <summary>Frees what dead sessions left: files without names, contents past their file's size.</summary>
    /// <param name="worker">A worker of the calling thread.</param>
    /// <param name="cancellation">Ends the work early; it is taken up again the next time.</param>
    /// <returns>How many inodes were freed or trimmed.</returns>
    public int ReapOrphans(Worker worker, CancellationToken cancellation)
    {
        int done = 0;
        Span<InodeNumber> found = stackalloc InodeNumber[ReapBatch];
        for (int list = 0; list < Layout.PendingListCount; list++)
        {
            InodeNumber after = InodeNumber.None;
            int count = ReapBatch;
            while (count == ReapBatch && !cancellation.IsCancellationRequested)
            {
                count = pending.Peek(list, after, found);
                after = InodeNumber.None;
                for (int index = 0; index < count; index++)
                {
                    if (Settle(worker, found[index])) done++;
                    else after = found[index];
                }
            }
        }
        return done;
    }

    /// <summary>Fetches memory ahead of need and gives back what has been free beyond a stock.</summary>
    public void BalanceFrames(Worker worker)
    {
        FrameSupply supply = space.Allocator.Supply;
        bool isLow = supply.FreeFrames < StockFramesMin
            && supply.AvailableBlocks < StockFramesMin * Layout.UsableBlocksPerFrame;
        if (superblock.Kind != Superblock.KindDynamic) return;
        if (isLow)
        {
            worker.Enter();
            _ = supply.TryGrow();
            worker.Leave();
            roomGains.Signal();
        }
        Span<uint> frames = stackalloc uint[ReleaseBatch];
        int stock = Math.Max(2 * StockFramesMin, (int)(space.PresentFrames / StockFraction));
        while (supply.TryTakeSegment(stock, out uint start))
        {
            AwaitOperations(worker);
            worker.Enter();
            supply.ReleaseSegment(start);
            worker.Leave();
        }
        if (!supply.ReturnsFrames) return;
        int count;
        while ((count = supply.TakeForRelease(stock, frames)) > 0)
        {
            AwaitOperations(worker);
            for (int index = 0; index < count; index++)
            {
                worker.Enter();
                supply.Release(frames[index]);
                worker.Leave();
            }
        }
    }

    /// <summary>
    /// Gives all memory to the segments that the arena has, in large pages where it can be, so that they can be pinned.
    /// Without segments nothing happens.
    /// </summary>
    /// <returns>ENOMEM when there is not enough.</returns>
    public Errno FillSegments() => space.Allocator.Supply.FillSegments();

    /// <summary>Segments that the arena has; 0 where it is in one piece.</summary>
    public int SegmentCount => space.Allocator.Supply.SegmentCount;

    /// <summary>Identity of the arena, as a number that nobody else's has.</summary>
    public ulong IdentityWord => (ulong)superblock.Uuid;

    /// <summary>Waits until every operation of others that was under way when this was called has ended.</summary>
    /// <remarks>
    /// An operation may be looking at a frame that it took from a stale number; it must not lose its memory
    /// meanwhile.
    /// </remarks>
    internal void AwaitOperations(Worker? self) => Epoch.AwaitQuiescence(EpochsOfOthers(self));

    /// <summary>Does what is pending for an inode, if it can be done now.</summary>
    private bool Settle(Worker worker, InodeNumber inode)
    {
        using InodeGuard guard = locks.Own(worker, inode);
        if (!inodes.Exists(inode)) return false;
        ref readonly InodeRecord record = ref inodes.At(inode);
        var word = new ContentsWord(record.ContentsWord);
        return word.IsPending && TreeOf(word).Settle(worker, inode, in record);
    }
}
