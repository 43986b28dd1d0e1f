using System.Diagnostics;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Volumes;

namespace PersistFs.Engine.Check;

/// <summary>Looks at everything in an arena and says what breaks a rule of FORMAT.md. Changes nothing.</summary>
/// <remarks>
/// Each object is looked at once, in the order in which it lies in the arena where that is possible; no image makes
/// it run for longer,
/// recurse deeper than the format's six levels, or take more memory than a small part of the arena's.
/// </remarks>
public static class VolumeChecker
{
    /// <summary>
    /// Opens the arena at <paramref name="source"/>, which finishes what a dead process left in flight, and checks it.
    /// </summary>
    /// <exception cref="ArenaException">It is no arena, or not one that can be opened now.</exception>
    public static CheckReport Check(ArenaSource source, VolumeOptions options, Action<CheckProgress>? progress = null)
    {
        using Volume volume = Volume.Open(source, options);
        return Check(volume, progress);
    }

    /// <summary>Checks an open volume in which nothing is under way.</summary>
    /// <param name="volume">The volume. No operation may run, and none may begin before this returns.</param>
    /// <param name="progress">Told now and then how far the check is.</param>
    public static CheckReport Check(Volume volume, Action<CheckProgress>? progress = null) =>
        Check(volume, new CheckContext(volume.Space, progress));

    /// <summary>Checks an open volume and leaves what was learnt in <paramref name="context"/>.</summary>
    internal static CheckReport Check(Volume volume, CheckContext context)
    {
        long start = Stopwatch.GetTimestamp();
        Superblock superblock = volume.Superblock;
        Guard(context, "The superblock and root pages", new SuperblockPass(context, superblock.IsSegmented).Run);
        Guard(context, "The worker table", new WorkerPass(context).Run);
        var frames = new FramePass(context.Arena, context.Table, context.Findings);
        Guard(context, "The frames", () => frames.Run(context.Frames("frames")));
        Guard(context, "The instance table", new InstancePass(context).Run);
        Guard(context, "The pending lists", new PendingPass(context).Run);
        Guard(context, "The inodes", new InodePass(context, superblock.HashSeedLow, superblock.HashSeedHigh).Run);
        Guard(context, "The links", new LinkPass(context).Run);
        var allocation = new AllocationPass(context);
        Guard(context, "The allocation", allocation.Run);
        Guard(context, "The counters", new CounterPass(context, allocation).Run);
        return new CheckReport
        {
            Findings = context.Findings.Kept,
            FindingCount = context.Findings.Count,
            Inodes = context.Inodes,
            Directories = context.Directories,
            Names = context.Names,
            PendingInodes = context.PendingInodes,
            FramesPresent = context.FramesPresent,
            BlocksUsed = context.BlocksUsed,
            Elapsed = Stopwatch.GetElapsedTime(start),
        };
    }

    private static void Guard(CheckContext context, string what, Action pass)
    {
        try
        {
            pass();
        }
        catch (ArenaCorruptException exception)
        {
            context.Findings.Add(FindingKind.BadPointer, $"{what} cannot be read to the end: {exception.Message}");
        }
    }
}
