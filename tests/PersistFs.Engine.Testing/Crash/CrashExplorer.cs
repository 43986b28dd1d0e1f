using PersistFs.Engine.Arenas;
using PersistFs.Engine.Check;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Testing;
using Xunit;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>
/// Runs an operation, and at each of its stores looks at what a kill would leave: recovered in a new volume, the tree
/// must be as
/// before the operation or as after it, the checker must find nothing, and nothing may be left over once orphans are
/// reaped.
/// </summary>
/// <remarks>
/// Nothing is thrown at a crash point: an exception would run Dispose, and recovery would go untested.
/// </remarks>
internal sealed class CrashExplorer
{
    private readonly MemoryArena arena;
    private readonly CrashPlan plan;
    private readonly ulong seed;
    private readonly SeededRandom random;
    private readonly List<(string Place, TreeImage Tree)> found = [];
    private string? failure;

    public CrashExplorer(MemoryArena arena, ulong seed, CrashPlan plan)
    {
        this.arena = arena;
        this.plan = plan;
        this.seed = seed;
        random = new SeededRandom(seed);
    }

    /// <summary>Kills that were tried.</summary>
    public int Kills { get; private set; }

    /// <summary>Stores that the operation did.</summary>
    public int Stores { get; private set; }

    /// <summary>Runs the operation on the calling thread and tries kills at its stores.</summary>
    public void Run(Action operation)
    {
        TreeImage before = TreeReader.Read(arena.Volume);
        Watch(operation);
        Require(before, TreeReader.Read(arena.Volume));
    }

    /// <summary>
    /// Runs the operation with kills at its stores; the trees found are to be compared by <see cref="Require"/>.
    /// </summary>
    public void Watch(Action operation)
    {
        KillObserver observer = Observe(arena.Backing, depth: 0, "");
        CrashPoint.Observer = observer;
        try
        {
            operation();
        }
        finally
        {
            CrashPoint.Observer = null;
        }
        Stores = observer.Stores;
    }

    /// <summary>Insists that every kill left the tree as before or as after.</summary>
    /// <param name="before">The tree before the operation, or the part of it that is looked at.</param>
    /// <param name="after">The tree after it.</param>
    /// <param name="part">Path below which the trees are compared; empty for all.</param>
    public void Require(TreeImage before, TreeImage after, string part = "")
    {
        Assert.True(failure is null, $"{failure}\n{Seed.Describe(seed)}");
        foreach ((string place, TreeImage tree) in found)
        {
            TreeImage looked = tree.Below(part);
            if (looked.FindDifference(before) is not { } toBefore || looked.FindDifference(after) is not { } toAfter)
            {
                continue;
            }
            if (plan.MayTearData && looked.IsMixtureOf(before, after)) continue;
            if (plan.HasSteps && looked.IsStepBetween(before, after)) continue;
            Assert.Fail($"{place}: the tree differs from that before ({toBefore}) "
                + $"and from that after ({toAfter}).\n{Seed.Describe(seed)}");
        }
    }

    /// <param name="source">The arena whose stores are watched.</param>
    /// <param name="depth">
    /// 0 in the operation, 1 in the recovery from a kill in it, 2 in the recovery from a kill in that.
    /// </param>
    /// <param name="prefix">What happened before, for people.</param>
    private KillObserver Observe(MemoryBacking source, int depth, string prefix) => new(source, plan, random, TryKill)
    {
        Depth = depth,
        Prefix = prefix,
        Doing = depth == 0 ? "operation" : "recovery",
    };

    /// <summary>Looks at what a kill at this moment would leave.</summary>
    private void TryKill(KillObserver observer, Action<SnapshotBacking>? tear, string place)
    {
        if (failure is not null) return;
        CrashPoint.Observer = null;
        try
        {
            Kills++;
            if (observer.Depth < plan.RecoveryDepth && random.OneIn(plan.OneRecoveryIn))
            {
                KillRecovery(observer, tear, place);
            }
            using var snapshot = new SnapshotBacking(observer.Source);
            tear?.Invoke(snapshot);
            Inspect(snapshot, place);
        }
        catch (Exception exception)
        {
            failure = $"{place}: {exception}";
        }
        CrashPoint.Observer = observer;
    }

    /// <summary>Recovers what a kill leaves, with a kill at every store of the recovery.</summary>
    private void KillRecovery(KillObserver observer, Action<SnapshotBacking>? tear, string place)
    {
        MemoryBacking copy;
        using (var snapshot = new SnapshotBacking(observer.Source))
        {
            tear?.Invoke(snapshot);
            copy = MemoryBacking.CopyOf(snapshot);
        }
        CrashPoint.Observer = Observe(copy, observer.Depth + 1, $"{place}, ");
        Volume volume = VolumeOpener.Open(copy, new VolumeOptions());
        CrashPoint.Observer = null;
        volume.Dispose();
    }

    private void Inspect(SnapshotBacking snapshot, string place)
    {
        using Volume volume = VolumeOpener.Open(snapshot, new VolumeOptions());
        RequireClean(volume, "after recovery");
        TreeImage tree = TreeReader.Read(volume);
        if (found.Count == 0 || found[^1].Tree.FindDifference(tree) is not null) found.Add((place, tree));
        // A new connection: nobody holds what the dead one held.
        volume.DefaultTree.BeginSession();
        Worker worker = volume.AttachWorker();
        _ = volume.ReapOrphans(worker, CancellationToken.None);
        CheckReport report = RequireClean(volume, "after orphans were reaped");
        if (report.PendingInodes > 0)
        {
            throw new InvalidOperationException($"{report.PendingInodes} inodes are pending for ever.");
        }
        if (TreeReader.Read(volume).FindDifference(tree) is { } difference)
            throw new InvalidOperationException($"Reaping orphans changed the tree: {difference}.");
    }

    private static CheckReport RequireClean(Volume volume, string when)
    {
        CheckReport report = VolumeChecker.Check(volume);
        if (!report.IsClean) throw new InvalidOperationException($"{when}:\n{string.Join('\n', report.Findings)}");
        return report;
    }
}
