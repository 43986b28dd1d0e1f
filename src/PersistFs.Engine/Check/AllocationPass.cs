using System.Numerics;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Checks;

/// <summary>Every frame, block and object, once all that is reachable is known: nothing leaks, and no state is impossible.</summary>
internal sealed class AllocationPass
{
    private readonly CheckContext context;

    public AllocationPass(CheckContext context) => this.context = context;

    /// <summary>Blocks that are free in frames of blocks and in free frames.</summary>
    public long FreeBlocks { get; private set; }

    public int FreeFrames { get; private set; }

    public void Run()
    {
        foreach (uint frame in context.Frames("allocation"))
        {
            FrameWord word = context.Table.WordOf(frame);
            switch (word.State)
            {
                case FrameState.Absent:
                    if (word.Value != 0) Report(frame, $"is absent and has a state word 0x{word.Value:x}.");
                    break;
                case FrameState.Free:
                    CheckFree(frame, word);
                    break;
                case FrameState.Used:
                    context.FramesPresent++;
                    if (word != new FrameWord(FrameState.Used, word.Type)) Report(frame, $"has unknown flags in its state word 0x{word.Value:x}.");
                    CheckUsed(frame, word.Type);
                    break;
                default:
                    Report(frame, $"is in state {(int)word.State} although nothing is under way.");
                    break;
            }
        }
    }

    private void CheckFree(uint frame, FrameWord word)
    {
        context.FramesPresent++;
        FreeFrames++;
        FreeBlocks += Layout.UsableBlocksPerFrame;
        if (word != new FrameWord(FrameState.Free, FrameType.None, word.IsZeroed)) Report(frame, $"is free and has a state word 0x{word.Value:x}.");
        if (frame < context.Table.SystemFrameCount) Report(frame, "belongs to the frame table and is free.");
        bool isZero = !word.IsZeroed
            || !context.Arena.Bytes(ArenaPointer.OfFrame(frame), Layout.FrameSizeInBytes).ContainsAnyExcept((byte)0);
        if (!isZero) Report(frame, "is free, is said to be all zero, and is not.");
    }

    private void CheckUsed(uint frame, FrameType type)
    {
        bool isSystem = frame < context.Table.SystemFrameCount;
        if (isSystem != (type == FrameType.System)) Report(frame, $"is of type {type}, which does not go with its place.");
        switch (type)
        {
            case FrameType.System:
                break;
            case FrameType.Worker:
                RequireReached(frame, "is a worker frame and no slot of the worker table names it.");
                break;
            case FrameType.Data:
                context.BlocksUsed += Layout.BlocksPerFrame;
                RequireReached(frame, $"is a data frame of inode {context.Table.At(frame).Owner} and nothing leads to it.");
                break;
            case FrameType.Blocks:
                CheckBlocks(frame);
                break;
            default:
                Report(frame, $"is of type {(int)type}, which is unknown.");
                break;
        }
    }

    private void CheckBlocks(uint frame)
    {
        for (int block = 0; block < Layout.DescriptorBlocksPerFrame; block++)
        {
            if (!context.Table.IsBlockAllocated(frame, block)) Report(frame, $"has the block of descriptors {block} free.");
        }
        int used = 0;
        for (int block = Layout.DescriptorBlocksPerFrame; block < Layout.BlocksPerFrame; block++)
        {
            if (!context.Table.IsBlockAllocated(frame, block)) continue;
            used++;
            CheckBlock(ArenaPointer.OfBlock(frame, block), context.Table.BlockAt(frame, block));
        }
        if (used == 0) Report(frame, "is a frame of blocks without any block, and not free.");
        FreeBlocks += Layout.UsableBlocksPerFrame - used;
        context.BlocksUsed += (ulong)used;
    }

    private void CheckBlock(ArenaPointer pointer, BlockDescriptor descriptor)
    {
        var type = (BlockType)(byte)descriptor.TypeWord;
        if (!SizeClass.IsKnown(type))
        {
            context.Findings.Add(FindingKind.Block, pointer, $"The block at {pointer} is of type {(int)type}, which is unknown.");
        }
        else if (SizeClass.IsSlab(type))
        {
            CheckSlab(pointer, type, descriptor);
        }
        else if (!context.Uses.Contains(pointer))
        {
            ulong owner = descriptor.Objects & (1UL << InodeNumber.Bits) - 1;
            context.Findings.Add(FindingKind.Leak, pointer, $"The block at {pointer} of type {type} of inode {owner} is allocated and nothing leads to it.");
        }
    }

    private void CheckSlab(ArenaPointer pointer, BlockType type, BlockDescriptor descriptor)
    {
        if (descriptor.TypeWord != (ulong)type || descriptor.Objects == 0 || (descriptor.Objects & ~SizeClass.FullBitmap(type)) != 0)
        {
            context.Findings.Add(
                FindingKind.Block, pointer, $"The slab at {pointer} has object bitmap 0x{descriptor.Objects:x} and type word 0x{descriptor.TypeWord:x}.");
        }
        ulong objects = descriptor.Objects & SizeClass.FullBitmap(type);
        for (; objects != 0; objects &= objects - 1)
        {
            int index = BitOperations.TrailingZeroCount(objects);
            ArenaPointer place = pointer + (ulong)(index * SizeClass.ObjectSize(type));
            if (context.Uses.Contains(place)) continue;
            context.Findings.Add(FindingKind.Leak, place, $"The object of {SizeClass.ObjectSize(type)} bytes at {place} is allocated and nothing leads to it.");
        }
    }

    private void RequireReached(uint frame, string message)
    {
        if (!context.Uses.ContainsFrame(frame))
            context.Findings.Add(FindingKind.Leak, ArenaPointer.OfFrame(frame), $"Frame {frame} {message}");
    }

    private void Report(uint frame, string message) =>
        context.Findings.Add(FindingKind.Frame, ArenaPointer.OfFrame(frame), $"Frame {frame} {message}");
}
