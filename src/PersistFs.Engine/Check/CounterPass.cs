using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Check;

/// <summary>Sums that the arena and the open volume keep, against what the other passes counted.</summary>
internal sealed class CounterPass
{
    private readonly CheckContext context;
    private readonly AllocationPass allocation;

    public CounterPass(CheckContext context, AllocationPass allocation)
    {
        this.context = context;
        this.allocation = allocation;
    }

    public void Run()
    {
        for (int instance = 0; instance < Layout.InstanceCount; instance++)
        {
            long counted = context.Space.CountInodes(instance);
            long found = context.InodesOfInstance[instance];
            if (counted == found) continue;
            context.Findings.Add(
                FindingKind.InodeCount,
                $"Instance {instance} has {found} inodes, and the workers count {counted}.",
                Repairs.CountInodes(instance, counted, found));
        }
        FrameSupply supply = context.Space.Allocator.Supply;
        if (supply.AvailableBlocks != allocation.FreeBlocks)
            Report($"{allocation.FreeBlocks} blocks are free, and the volume takes {supply.AvailableBlocks} for free.");
        if (supply.FreeFrames != allocation.FreeFrames)
            Report($"{allocation.FreeFrames} frames are free, and the volume knows of {supply.FreeFrames}.");
        ulong present = context.FramesPresent - SystemFramesPresent();
        ulong absent = context.Table.FrameCount - context.Table.SystemFrameCount - present;
        if (supply.AbsentFrames != absent)
            Report($"{absent} frames are absent, and the volume knows of {supply.AbsentFrames}.");
    }

    private ulong SystemFramesPresent()
    {
        ulong present = 0;
        for (uint frame = 0; frame < context.Table.SystemFrameCount; frame++)
        {
            if (context.Table.WordOf(frame).IsUsed(FrameType.System)) present++;
        }
        return present;
    }

    private void Report(string message) => context.Findings.Add(FindingKind.FreeSpace, message);
}
