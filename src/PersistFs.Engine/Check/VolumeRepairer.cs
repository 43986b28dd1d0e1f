using PersistFs.Engine.Arenas;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;

namespace PersistFs.Engine.Check;

/// <summary>Puts right what the checker finds, as far as it can be done without guessing at contents.</summary>
/// <remarks>
/// A check, the repairs of the first stage that has any, another check, and so on until nothing is left that can be
/// done: so no repair acts on what an earlier one has changed. Each repair is one transaction or one store, so a kill
/// at any instant leaves an arena that can be repaired further. Files that no finding speaks of are not touched.
/// </remarks>
public static class VolumeRepairer
{
    /// <summary>
    /// Checks and repairs that follow one another at most; each makes the arena better, so few are needed.
    /// </summary>
    private const int RoundsMax = 1000;

    /// <summary>
    /// Checks in a row that find no less than the best one did, at most. A repair may bring other findings about for
    /// a while.
    /// </summary>
    private const int RoundsWithoutGainMax = 20;

    /// <summary>
    /// Opens the arena at <paramref name="source"/>, which finishes what a dead process left in flight, and repairs it.
    /// </summary>
    /// <param name="source">The arena.</param>
    /// <param name="options">How it is opened.</param>
    /// <param name="onRepair">Told of each repair in a sentence, once it is done.</param>
    /// <param name="progress">Told now and then how far a check is.</param>
    /// <returns>What a check finds afterwards.</returns>
    /// <exception cref="ArenaException">It is no arena, or not one that can be opened now.</exception>
    public static CheckReport Repair(
        ArenaSource source, VolumeOptions options, Action<string> onRepair, Action<CheckProgress>? progress = null)
    {
        long repairs = 0;
        BootstrapRepairer.Run(source, Note);
        using Volume volume = Volume.Open(source, options);
        CheckReport report = Repair(volume, Note, progress);
        // What the kernel knows of the tree, and the requests it may send again, are of the tree before.
        if (repairs > 0)
        {
            foreach (int slot in volume.TreeSlots) volume.OpenTree(slot).BeginSession();
        }
        return report;

        void Note(string line)
        {
            repairs++;
            onRepair(line);
        }
    }

    /// <summary>Repairs an open volume that nobody else uses.</summary>
    internal static CheckReport Repair(Volume volume, Action<string> onRepair, Action<CheckProgress>? progress = null)
    {
        Worker worker = volume.AttachWorker();
        var repairs = new RepairContext(volume.Space, worker, in volume.Superblock, volume.DefaultTree.Root);
        try
        {
            long fewest = long.MaxValue;
            int rounds = 0;
            for (int gainless = 0; rounds < RoundsMax && gainless < RoundsWithoutGainMax; rounds++, gainless++)
            {
                var plan = new RepairPlan();
                var check = new CheckContext(volume.Space, progress, plan);
                CheckReport report = VolumeChecker.Check(volume, check);
                repairs.Begin(check);
                if (report.FindingCount < fewest) gainless = 0;
                fewest = Math.Min(fewest, report.FindingCount);
                if (report.IsClean || !plan.Stages.Any(stage => RunStage(stage, repairs, onRepair) > 0)) return report;
                // What is free is counted anew: repairs of frames and blocks go past the allocator.
                _ = volume.Space.Open();
            }
            return VolumeChecker.Check(volume, progress);
        }
        finally
        {
            volume.DetachWorker(worker);
        }
    }

    /// <returns>How many repairs were made.</returns>
    private static int RunStage(IReadOnlyList<Repair> stage, RepairContext context, Action<string> onRepair)
    {
        int done = 0;
        foreach (Repair repair in stage)
        {
            if (Try(repair, context) is not { } line) continue;
            done++;
            onRepair(line);
        }
        return done;
    }

    private static string? Try(Repair repair, RepairContext context)
    {
        try
        {
            return repair.Act(context);
        }
        catch (ArenaCorruptException)
        {
            // What it relies on is damaged as well; that has findings and repairs of its own.
            return null;
        }
    }
}
