using System.Runtime.CompilerServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Transactions;

/// <summary>What one thread needs to change a volume: a journal of its own, and where it last found room.</summary>
/// <remarks>Not for two threads at once. A volume has at most 64.</remarks>
public sealed class Worker
{
    private readonly Space space;
    private readonly ArenaPointer frame;
    private int reservedBlocks;
    private int heldPendingList = -1;
    private int heldLookupLock = -1;

    internal Worker(Space space, int slot, ArenaPointer frame)
    {
        this.space = space;
        this.frame = frame;
        Slot = slot;
        Journal = new Journal(space.Arena, frame);
        ReplyCache = new ReplyCache(space.Arena, frame);
    }

    /// <summary>Index in the worker table, 0 to 63.</summary>
    public int Slot { get; }

    /// <summary>Memory of the arena for requests that this worker reads: always present, page-aligned.</summary>
    public nint RequestBuffer =>
        space.Arena.AddressOf(frame + WorkerHeader.RequestBufferOffset, WorkerHeader.RequestBufferSizeInBytes);

    public int RequestBufferSizeInBytes => WorkerHeader.RequestBufferSizeInBytes;

    /// <summary>Bytes of memory behind <see cref="RequestBuffer"/>, for replies that this worker builds.</summary>
    public int ReplyBufferSizeInBytes => WorkerHeader.ReplyBufferSizeInBytes;

    /// <summary>
    /// Set by a change of contents that took set-id bits away; a cache of modes is to be told, and then clears it.
    /// </summary>
    public bool HasDroppedPrivileges { get; set; }

    internal Journal Journal { get; }

    /// <summary>What it has executed and not yet answered.</summary>
    internal ReplyCache ReplyCache { get; }

    /// <summary>Inodes that the directory listing under way has named.</summary>
    internal ulong[] ListedInodes { get; } = new ulong[ListingRecord.InodeCountMax];

    internal int ListedInodeCount { get; set; }

    internal AllocationCursor Cursor { get; } = new();

    /// <summary>Where a directory leaf or the like is put together before it is copied to the arena whole.</summary>
    internal byte[] Scratch { get; } = GC.AllocateUninitializedArray<byte>(2 * Layout.BlockSizeInBytes, pinned: true);

    /// <summary>Stripe of the inode lock that a read holds until its reply has left; -1 for none.</summary>
    internal int ReadStripe { get; set; } = -1;

    /// <summary>Keys of the directory leaf that this worker lists, in order, and where their entries are.</summary>
    internal ulong[] ListKeys { get; } = new ulong[LeafHeader.EntryCountMax];

    internal ushort[] ListPositions { get; } = new ushort[LeafHeader.EntryCountMax];

    /// <summary>Whether a transaction is open.</summary>
    internal bool IsOpen { get; private set; }

    /// <summary>Its part in waiting for operations: it is inside while it may follow pointers.</summary>
    internal Epoch Epoch { get; } = new();

    /// <summary>
    /// An operation begins: frames it may look at stay present until <see cref="Leave"/>, and the volume does not
    /// freeze. In a frozen one it waits here, before it takes any lock.
    /// </summary>
    internal void Enter()
    {
        Epoch.Enter();
        if (space.Gate.IsClosed) StepBack();
    }

    internal void Leave() => Epoch.Leave();

    private void StepBack()
    {
        do
        {
            Leave();
            space.Gate.AwaitOpen();
            Epoch.Enter();
        }
        while (space.Gate.IsClosed);
    }

    internal Transaction Begin()
    {
        if (IsOpen) Environment.FailFast("A worker has opened a second transaction.");
        IsOpen = true;
        return new Transaction(space, this);
    }

    /// <summary>A number that tells uses of one inode number apart; never 0.</summary>
    internal uint NextGeneration()
    {
        ulong count = Journal.Header.Generations + 1;
        Store.Word(ref Unsafe.AsRef(in Journal.Header.Generations), count);
        // Multiplying by an odd constant permutes; the upper half spreads counts over all 32 bits.
        uint generation = (uint)((count * Layout.WorkerSlotCount + (uint)Slot) * 0x9E37_79B9_7F4A_7C15 >> 32);
        return generation == 0 ? 1 : generation;
    }

    internal bool TryReserve(int blocks, SpaceLevel level)
    {
        if (!space.TryReserve(blocks, level)) return false;
        reservedBlocks += blocks;
        return true;
    }

    /// <summary>One reserved block has been allocated.</summary>
    internal void ConsumeReserved()
    {
        if (reservedBlocks == 0) Environment.FailFast("A transaction allocates more blocks than it has reserved.");
        reservedBlocks--;
    }

    internal void HoldPendingList(int list)
    {
        if (heldPendingList == list) return;
        if (heldPendingList >= 0) Environment.FailFast("A transaction wants a second pending list.");
        space.PendingLocks.Enter(list);
        heldPendingList = list;
    }

    internal void HoldLookups(InodeNumber inode)
    {
        int index = Space.LookupLockOf(inode);
        if (heldLookupLock == index) return;
        if (heldLookupLock >= 0) Environment.FailFast("A transaction wants a second lookup lock.");
        space.LookupLocks.Enter(index);
        heldLookupLock = index;
    }

    /// <summary>Ends the open transaction: what it held is let go.</summary>
    internal void End()
    {
        if (heldPendingList >= 0) space.PendingLocks.Exit(heldPendingList);
        heldPendingList = -1;
        if (heldLookupLock >= 0) space.LookupLocks.Exit(heldLookupLock);
        heldLookupLock = -1;
        if (reservedBlocks > 0) space.Allocator.Supply.Give(reservedBlocks);
        reservedBlocks = 0;
        IsOpen = false;
    }
}
