using System.Numerics;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Check;

/// <summary>What the passes of one check share: the arena, what is used already, what was found.</summary>
internal sealed class CheckContext
{
    private readonly Action<CheckProgress>? progress;

    /// <param name="space">The arena.</param>
    /// <param name="progress">Told now and then how far the check is; or null.</param>
    /// <param name="plan">Receives what can be done about findings; or null.</param>
    public CheckContext(Space space, Action<CheckProgress>? progress, RepairPlan? plan = null)
    {
        Findings = new FindingList { Plan = plan };
        Space = space;
        this.progress = progress;
        Uses = new ReachabilityMap(space.Table.FrameCount);
        Tally = new InodeReferences(space.Table.FrameCount);
    }

    public Space Space { get; }

    public Arena Arena => Space.Arena;

    public FrameTable Table => Space.Table;

    public FindingList Findings { get; }

    public ReachabilityMap Uses { get; }

    public InodeReferences Tally { get; }

    /// <summary>Inodes found in use, by instance.</summary>
    public long[] InodesOfInstance { get; } = new long[Layout.InstanceCount];

    public ulong Inodes { get; set; }

    public ulong Directories { get; set; }

    public ulong Names { get; set; }

    public ulong PendingInodes { get; set; }

    public ulong FramesPresent { get; set; }

    public ulong BlocksUsed { get; set; }

    /// <summary>Every frame that has a descriptor, in order; tells how far the pass has come.</summary>
    public IEnumerable<uint> Frames(string pass)
    {
        for (uint frame = 0; frame < Table.FrameCount; frame++)
        {
            if (!Table.HasDescriptor(frame)) continue;
            if (frame % 16 == 0) progress?.Invoke(new CheckProgress(pass, frame, Table.FrameCount));
            yield return frame;
        }
        progress?.Invoke(new CheckProgress(pass, Table.FrameCount, Table.FrameCount));
    }

    /// <summary>Every inode record that is allocated, in the order of their numbers.</summary>
    public IEnumerable<InodeNumber> AllocatedInodes(string pass)
    {
        foreach (uint frame in Frames(pass))
        {
            if (!Table.WordOf(frame).IsUsed(FrameType.Blocks)) continue;
            for (int block = Layout.DescriptorBlocksPerFrame; block < Layout.BlocksPerFrame; block++)
            {
                if (!Table.IsBlockAllocated(frame, block)) continue;
                BlockDescriptor descriptor = Table.BlockAt(frame, block);
                if (descriptor.TypeWord != (ulong)BlockType.InodeSlab) continue;
                ulong objects = descriptor.Objects & SizeClass.FullBitmap(BlockType.InodeSlab);
                for (; objects != 0; objects &= objects - 1)
                {
                    int index = BitOperations.TrailingZeroCount(objects);
                    yield return InodeNumber.FromRecord(
                        ArenaPointer.OfBlock(frame, block) + (ulong)(index * InodeRecord.SizeInBytes));
                }
            }
        }
    }

    /// <summary>Whether the number names an inode that is in use.</summary>
    public bool IsInode(InodeNumber inode) =>
        inode.Value >> InodeNumber.Bits == 0 && Table.IsObject(inode.Record, BlockType.InodeSlab)
            && RecordOf(inode).Mode != 0;

    /// <summary>The record of an inode that exists.</summary>
    public ref readonly InodeRecord RecordOf(InodeNumber inode) => ref Arena.At<InodeRecord>(inode.Record);

    public ref readonly InstanceRecord InstanceAt(int slot) =>
        ref Arena.At<InstanceRecord>(Layout.InstanceAt(slot));

    /// <summary>What the block that <paramref name="pointer"/> lies in holds; None if it is not allocated.</summary>
    public BlockType TypeAt(ArenaPointer pointer) => Table.IsInAllocatedBlock(pointer)
        ? Table.BlockAt(pointer.Frame, pointer.BlockInFrame).Type
        : BlockType.None;

    /// <summary>Takes note that an inode uses a slab's object, if one is there and nobody else does.</summary>
    public bool TryClaimObject(InodeNumber user, string role, ArenaPointer pointer, BlockType slab, IncomingLink way) =>
        TryClaim(user, role, pointer, Table.IsObject(pointer, slab), way);

    /// <summary>Takes note that an inode uses a block, if it is there for this use and nobody else does.</summary>
    public bool TryClaimBlock(InodeNumber user, string role, ArenaPointer pointer, BlockUse use, IncomingLink way) =>
        TryClaim(user, role, pointer, Table.IsBlock(pointer, use), way);

    /// <summary>Takes note that an inode uses a data frame, if it is there for this use and nobody else does.</summary>
    public bool TryClaimDataFrame(InodeNumber user, ArenaPointer pointer, ulong position, IncomingLink way)
    {
        if (!Table.IsDataFrame(pointer, user, position))
        {
            Findings.AddAt(
                FindingKind.BadPointer,
                user,
                pointer,
                $"block {position} leads to {pointer}, where it has no data frame.",
                way.CutFor(user));
            return false;
        }
        if (Uses.TryAddFrame(pointer.Frame)) return true;
        Findings.AddAt(
            FindingKind.UsedTwice,
            user,
            pointer,
            $"block {position} leads to frame {pointer.Frame}, which is used already.",
            way.CutFor(user));
        return false;
    }

    private bool TryClaim(InodeNumber user, string role, ArenaPointer pointer, bool isThere, IncomingLink way)
    {
        if (!isThere)
        {
            Findings.AddAt(
                FindingKind.BadPointer,
                user,
                pointer,
                $"{role} leads to {pointer}, where nothing is allocated for it.",
                way.CutFor(user));
            return false;
        }
        if (Uses.TryAdd(pointer)) return true;
        Findings.AddAt(
            FindingKind.UsedTwice,
            user,
            pointer,
            $"{role} leads to {pointer}, which is used already.",
            way.CutFor(user));
        return false;
    }
}
