using PersistFs.Engine.Arenas;
using PersistFs.Engine.Check;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Testing;
using Xunit;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>
/// Serves requests, and at each store of it kills the server and lets a successor take over: what was not answered is
/// sent again, and in the end each request has been executed once, with the reply of that execution, and every
/// reference of the kernel is counted. Successors are killed in the same way.
/// </summary>
internal sealed class RequestExplorer
{
    private readonly MemoryArena arena;
    private readonly CrashPlan plan;
    private readonly ulong seed;
    private readonly SeededRandom random;
    private string? failure;

    public RequestExplorer(MemoryArena arena, ulong seed, CrashPlan plan)
    {
        this.arena = arena;
        this.plan = plan;
        this.seed = seed;
        random = new SeededRandom(seed);
    }

    /// <summary>Kills that were tried.</summary>
    public int Kills { get; private set; }

    /// <summary>Stores of the first server.</summary>
    public int Stores { get; private set; }

    /// <summary>Successors that were killed themselves, at depth 1, 2 and 3.</summary>
    public int[] Successors { get; } = new int[4];

    /// <summary>Serves one request with kills at every store.</summary>
    /// <param name="request">The request.</param>
    /// <param name="worker">Who serves it.</param>
    public void Run(ServedRequest request, Worker worker)
    {
        var pending = new PendingRequest(request, "");
        var life = new ServerLife(ServedState.Read(arena.Volume), [pending]);
        Watch(life, () => pending.Serve(arena.Volume, worker));
        Finish(life);
    }

    /// <summary>
    /// Serves two requests at the same time: one worker stops at a store, another serves its request with kills at
    /// every store.
    /// </summary>
    /// <param name="stopAt">The store of the first request at which it waits for the second.</param>
    /// <param name="first">The first request.</param>
    /// <param name="second">The second; not served where it would have to wait for the first.</param>
    /// <param name="wouldWait">Says whether it would, of the inodes below its path.</param>
    /// <returns>False if the first request has fewer stores.</returns>
    public bool RunBeside(
        int stopAt, PendingRequest first, PendingRequest second, Func<IEnumerable<InodeNumber>, bool> wouldWait)
    {
        ServedState before = ServedState.Read(arena.Volume);
        InodeNumber[] inodes = [.. before.Tree.Below(second.Path).Files.Values.Select(file => file.Inode)];
        var life = new ServerLife(before, [first, second]);
        using var pause = new PauseObserver(stopAt);
        Exception? exception = null;
        Worker worker = arena.Volume.AttachWorker();
        var thread = new Thread(() =>
        {
            CrashPoint.Observer = pause;
            try
            {
                first.Serve(arena.Volume, worker);
            }
            catch (Exception thrown)
            {
                exception = thrown;
            }
            CrashPoint.Observer = null;
            pause.End();
        });
        thread.Start();
        bool isStopped = pause.Wait();
        bool isServed = isStopped && !wouldWait(inodes);
        try
        {
            if (isServed) Watch(life, () => second.Serve(arena.Volume, arena.Worker));
        }
        finally
        {
            pause.GoOn();
            thread.Join();
        }
        Assert.True(exception is null, $"{exception}\n{Seed.Describe(seed)}");
        if (isServed) Finish(life);
        return isStopped;
    }

    private void Watch(ServerLife life, Action serve)
    {
        KillObserver observer = Observe(life, arena.Backing, depth: 0, "");
        CrashPoint.Observer = observer;
        try
        {
            serve();
        }
        finally
        {
            CrashPoint.Observer = null;
        }
        Stores = observer.Stores;
    }

    private void Finish(ServerLife life)
    {
        Assert.True(failure is null, $"{failure}\n{Seed.Describe(seed)}");
        life.Require(arena.Volume, seed);
    }

    private KillObserver Observe(ServerLife life, MemoryBacking source, int depth, string prefix)
    {
        CrashPlan wanted = depth == 0 ? plan : plan with { OneStoreIn = plan.OneSuccessorStoreIn };
        return new KillObserver(source, wanted, random, (observer, tear, place) => TryKill(life, observer, tear, place))
        {
            Depth = depth,
            Prefix = prefix,
            Doing = depth == 0 ? "server" : "successor",
        };
    }

    private void TryKill(ServerLife life, KillObserver observer, Action<SnapshotBacking>? tear, string place)
    {
        if (failure is not null) return;
        CrashPoint.Observer = null;
        try
        {
            Kills++;
            if (observer.Depth < plan.RecoveryDepth && random.OneIn(plan.OneRecoveryIn))
            {
                KillSuccessor(life, observer, tear, place);
            }
            using var snapshot = new SnapshotBacking(observer.Source);
            tear?.Invoke(snapshot);
            TakeOver(life, observer.Depth + 1, snapshot, place);
        }
        catch (Exception exception)
        {
            failure ??= $"{place}: {exception}";
        }
        CrashPoint.Observer = observer;
    }

    /// <summary>Takes over from a kill, with a kill at some stores of that.</summary>
    private void KillSuccessor(ServerLife life, KillObserver observer, Action<SnapshotBacking>? tear, string place)
    {
        MemoryBacking copy;
        using (var snapshot = new SnapshotBacking(observer.Source))
        {
            tear?.Invoke(snapshot);
            copy = MemoryBacking.CopyOf(snapshot);
        }
        ServerLife successor = life.Succeed();
        Successors[observer.Depth + 1]++;
        CrashPoint.Observer = Observe(successor, copy, observer.Depth + 1, $"{place}, ");
        using Volume volume = ServeAgain(successor, copy, out _);
        CrashPoint.Observer = null;
        if (failure is null) successor.Require(volume, seed);
    }

    /// <summary>Takes over from a kill, and looks at what is left in the end.</summary>
    private void TakeOver(ServerLife life, int deaths, SnapshotBacking snapshot, string place)
    {
        ServerLife successor = life.Succeed();
        using Volume volume = ServeAgain(successor, snapshot, out Worker worker);
        RequireClean(volume, "after the take-over");
        RecordReader.RequireNone(volume);
        ServedState state = ServedState.Read(volume);
        life.Note(place, deaths, successor, state);
        foreach ((InodeNumber inode, ulong count) in LookupImage.Held(volume)) volume.DefaultTree.Forget(worker,
            inode, count);
        _ = volume.ReapOrphans(worker, CancellationToken.None);
        CheckReport report = RequireClean(volume, "after everything was forgotten");
        if (report.PendingInodes > 0)
        {
            throw new InvalidOperationException($"{report.PendingInodes} inodes are pending for ever.");
        }
        if (LookupImage.Held(volume).Count > 0) throw new InvalidOperationException("References are left.");
        if (TreeReader.Read(volume).FindDifference(state.Tree) is { } difference)
            throw new InvalidOperationException($"Forgetting changed the tree: {difference}.");
    }

    private static Volume ServeAgain(ServerLife life, Backing backing, out Worker worker)
    {
        Volume volume = VolumeOpener.Open(backing, new VolumeOptions());
        volume.DefaultTree.ResumeSession();
        worker = volume.AttachWorker();
        foreach (PendingRequest request in life.Requests) request.Serve(volume, worker);
        volume.DefaultTree.ForgetCompletions();
        return volume;
    }

    private static CheckReport RequireClean(Volume volume, string when)
    {
        CheckReport report = VolumeChecker.Check(volume);
        if (!report.IsClean) throw new InvalidOperationException($"{when}:\n{string.Join('\n', report.Findings)}");
        return report;
    }
}
