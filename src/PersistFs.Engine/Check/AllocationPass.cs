using System.Numerics;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Check;

/// <summary>Every frame, block and object, once all that is reachable is known: nothing leaks.</summary>
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
            if (word.State == FrameState.Free)
            {
                context.FramesPresent++;
                FreeFrames++;
                FreeBlocks += Layout.UsableBlocksPerFrame;
            }
            if (word.State != FrameState.Used) continue;
            context.FramesPresent++;
            CheckUsed(frame, word.Type);
        }
    }

    private void CheckUsed(uint frame, FrameType type)
    {
        switch (type)
        {
            case FrameType.Worker when !context.Uses.ContainsFrame(frame):
                ReportLeak(
                    frame, "is a worker frame and no slot of the worker table names it.",
                    HeaderRepairs.Frame(frame, new FrameWord(FrameState.Free)));
                break;
            case FrameType.Data:
                context.BlocksUsed += Layout.BlocksPerFrame;
                if (context.Uses.ContainsFrame(frame)) break;
                ReportLeak(
                    frame, $"is a data frame of inode {context.Table.At(frame).Owner} and nothing leads to it.",
                    Repairs.Free(ArenaPointer.OfFrame(frame), BlockType.DataFrame));
                break;
            case FrameType.Blocks:
                CheckBlocks(frame);
                break;
            default:
                break;
        }
    }

    private void CheckBlocks(uint frame)
    {
        int used = 0;
        for (int block = Layout.DescriptorBlocksPerFrame; block < Layout.BlocksPerFrame; block++)
        {
            if (!context.Table.IsBlockAllocated(frame, block)) continue;
            used++;
            CheckBlock(ArenaPointer.OfBlock(frame, block), context.Table.BlockAt(frame, block));
        }
        FreeBlocks += Layout.UsableBlocksPerFrame - used;
        context.BlocksUsed += (ulong)used;
    }

    private void CheckBlock(ArenaPointer pointer, BlockDescriptor descriptor)
    {
        BlockType type = descriptor.Type;
        if (SizeClass.IsSlab(type))
        {
            CheckSlab(pointer, type, descriptor);
            return;
        }
        if (!SizeClass.IsKnown(type) || context.Uses.Contains(pointer)) return;
        InodeNumber owner = descriptor.Use.Owner;
        context.Findings.Add(
            FindingKind.Leak, pointer,
            $"The block at {pointer} of type {type} of inode {owner} is allocated and nothing leads to it.",
            Repairs.Free(pointer, type));
    }

    private void CheckSlab(ArenaPointer pointer, BlockType type, BlockDescriptor descriptor)
    {
        ulong objects = descriptor.Objects & SizeClass.FullBitmap(type);
        for (; objects != 0; objects &= objects - 1)
        {
            int index = BitOperations.TrailingZeroCount(objects);
            ArenaPointer place = pointer + (ulong)(index * SizeClass.ObjectSize(type));
            if (context.Uses.Contains(place)) continue;
            context.Findings.Add(
                FindingKind.Leak, place,
                $"The object of {SizeClass.ObjectSize(type)} bytes at {place} is allocated and nothing leads to it.",
                Repairs.Free(place, type));
        }
    }

    private void ReportLeak(uint frame, string message, Repair repair) =>
        context.Findings.Add(FindingKind.Leak, ArenaPointer.OfFrame(frame), $"Frame {frame} {message}", repair);
}
