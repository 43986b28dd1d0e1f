using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Check;

/// <summary>
/// Every frame's state and every allocated block's descriptor, each by itself: what all else is found by.
/// </summary>
internal sealed class FramePass
{
    private readonly FrameTable table;
    private readonly Arena arena;
    private readonly FindingList findings;

    public FramePass(Arena arena, FrameTable table, FindingList findings)
    {
        this.arena = arena;
        this.table = table;
        this.findings = findings;
    }

    /// <param name="frames">The frames that have descriptors.</param>
    public void Run(IEnumerable<uint> frames)
    {
        foreach (uint frame in frames) CheckFrame(frame, table.WordOf(frame));
    }

    private void CheckFrame(uint frame, FrameWord word)
    {
        switch (word.State)
        {
            case FrameState.Absent:
                if (word.Value != 0)
                    Report(frame, $"is absent and has a state word 0x{word.Value:x}.", Set(frame, default));
                break;
            case FrameState.Free:
                CheckFree(frame, word);
                break;
            case FrameState.Used:
                CheckUsed(frame, word);
                break;
            default:
                Report(
                    frame, $"is in state {(int)word.State} although nothing is under way.",
                    HeaderRepairs.ReleaseFrame(frame));
                break;
        }
    }

    private void CheckFree(uint frame, FrameWord word)
    {
        var plain = new FrameWord(FrameState.Free);
        if (word != new FrameWord(FrameState.Free, FrameType.None, word.IsZeroed))
            Report(frame, $"is free and has a state word 0x{word.Value:x}.", Set(frame, plain));
        if (frame < table.SystemFrameCount) Report(frame, "belongs to the frame table and is free.", SetSystem(frame));
        bool isZero = !word.IsZeroed
            || !arena.Bytes(ArenaPointer.OfFrame(frame), Layout.FrameSizeInBytes).ContainsAnyExcept((byte)0);
        if (!isZero) Report(frame, "is free, is said to be all zero, and is not.", Set(frame, plain));
    }

    private void CheckUsed(uint frame, FrameWord word)
    {
        var plain = new FrameWord(FrameState.Used, word.Type);
        if (word != plain) Report(frame, $"has unknown flags in its state word 0x{word.Value:x}.", Set(frame, plain));
        bool isSystem = frame < table.SystemFrameCount;
        if (isSystem != (word.Type == FrameType.System))
        {
            Report(
                frame, $"is of type {word.Type}, which does not go with its place.",
                isSystem ? SetSystem(frame) : HeaderRepairs.UnknownFrame(frame));
        }
        if (word.Type == FrameType.Blocks) CheckBlocks(frame);
        else if (word.Type is FrameType.None or > FrameType.Data)
            Report(frame, $"is of type {(int)word.Type}, which is unknown.", HeaderRepairs.UnknownFrame(frame));
    }

    private void CheckBlocks(uint frame)
    {
        for (int block = 0; block < Layout.DescriptorBlocksPerFrame; block++)
        {
            if (table.IsBlockAllocated(frame, block)) continue;
            Report(frame, $"has the block of descriptors {block} free.", HeaderRepairs.DescriptorBlocks(frame));
        }
        int used = 0;
        for (int block = Layout.DescriptorBlocksPerFrame; block < Layout.BlocksPerFrame; block++)
        {
            if (!table.IsBlockAllocated(frame, block)) continue;
            used++;
            CheckBlock(ArenaPointer.OfBlock(frame, block), table.BlockAt(frame, block));
        }
        if (used > 0) return;
        Report(
            frame, "is a frame of blocks without any block, and not free.", Set(frame, new FrameWord(FrameState.Free)));
    }

    private void CheckBlock(ArenaPointer pointer, BlockDescriptor descriptor)
    {
        BlockType type = descriptor.Type;
        if (!SizeClass.IsKnown(type))
        {
            findings.Add(
                FindingKind.Block, pointer, $"The block at {pointer} is of type {(int)type}, which is unknown.",
                HeaderRepairs.UnknownBlock(pointer));
            return;
        }
        bool isSound = !SizeClass.IsSlab(type) || descriptor.TypeWord == (ulong)type && descriptor.Objects != 0
            && (descriptor.Objects & ~SizeClass.FullBitmap(type)) == 0;
        if (isSound) return;
        findings.Add(
            FindingKind.Block, pointer,
            $"The slab at {pointer} has object bitmap 0x{descriptor.Objects:x} and type word "
                + $"0x{descriptor.TypeWord:x}.",
            HeaderRepairs.Slab(pointer, type));
    }

    private static Repair Set(uint frame, FrameWord word) => HeaderRepairs.Frame(frame, word);

    private static Repair SetSystem(uint frame) => Set(frame, new FrameWord(FrameState.Used, FrameType.System));

    private void Report(uint frame, string message, Repair repair) =>
        findings.Add(FindingKind.Frame, ArenaPointer.OfFrame(frame), $"Frame {frame} {message}", repair);
}
