using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing.Model;
using PersistFs.Engine.Transactions;
using PersistFs.Testing;
using Xunit;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>
/// Kills with two transactions open: one worker stops at a store of its operation, another runs its own to the end
/// with kills at
/// its stores, and each of the two parts of the tree must be as before its operation or as after it.
/// </summary>
internal sealed class InterleavedExplorer
{
    private readonly MemoryArena arena;
    private readonly CrashPlan plan;
    private readonly ulong seed;

    public InterleavedExplorer(MemoryArena arena, ulong seed, CrashPlan plan)
    {
        this.arena = arena;
        this.seed = seed;
        this.plan = plan;
    }

    public int Kills { get; private set; }

    /// <summary>Runs both operations.</summary>
    /// <param name="stopAt">The store of the first operation at which it waits for the second.</param>
    /// <param name="first">The first operation.</param>
    /// <param name="second">The second; not run where it would have to wait for the first.</param>
    /// <returns>False if the first operation has fewer stores.</returns>
    public bool Run(int stopAt, InterleavedPart first, InterleavedPart second)
    {
        TreeImage before = TreeReader.Read(arena.Volume);
        var explorer = new CrashExplorer(arena, seed, plan);
        using var pause = new PauseObserver(stopAt);
        Exception? failure = null;
        Worker worker = arena.Volume.AttachWorker();
        var thread = new Thread(() =>
        {
            CrashPoint.Observer = pause;
            try
            {
                first.Act(new VolumeUser(arena.Volume, worker));
            }
            catch (Exception exception)
            {
                failure = exception;
            }
            CrashPoint.Observer = null;
            pause.End();
        });
        thread.Start();
        bool isStopped = pause.Wait();
        try
        {
            IEnumerable<InodeNumber> inodes = before.Below(second.Path).Files.Values.Select(file => file.Inode);
            bool wouldWait = isStopped
                && LockProbe.WouldWait(arena.Volume, inodes, second.UsesAnyPendingList, second.MovesBetweenDirectories);
            if (isStopped && !wouldWait) explorer.Watch(() => second.Act(arena.User));
        }
        finally
        {
            pause.GoOn();
            thread.Join();
        }
        Assert.True(failure is null, $"{failure}\n{Seed.Describe(seed)}");
        TreeImage after = TreeReader.Read(arena.Volume);
        explorer.Require(before.Below(first.Path), after.Below(first.Path), first.Path);
        explorer.Require(before.Below(second.Path), after.Below(second.Path), second.Path);
        Kills = explorer.Kills;
        return isStopped;
    }
}
