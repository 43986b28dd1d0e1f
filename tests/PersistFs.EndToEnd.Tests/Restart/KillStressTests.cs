
namespace PersistFs.EndToEnd.Tests.Restart;

/// <summary>SIGKILL under load: completed calls are kept, interrupted ones done once or not at all.</summary>
[Collection(RestartCollection.Name)]
public sealed class KillStressTests(RestartTree restart, ITestOutputHelper output)
{
    private const int WorkersCount = 3;

    private MountedTree Tree => restart.Tree;

    [RootTheory]
    [InlineData("writethrough")]
    [InlineData("writeback")]
    public void A_storm_that_nobody_interrupts_is_what_its_model_says(string caching)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        using MountedTree tree = MountedTree.Start("2G", caching);
        KillStressWorker worker = new($"{tree.NewDirectory()}/tree", seed);
        worker.Start();
        while (worker.Completed < 5000 && !worker.HasFailed) Thread.Yield();
        worker.End();
        worker.AssertTreeIsAsExpected();
        if (Requirements.ForeignDirectory != null) return;
        // Unmounting brings what the kernel has gathered into the arena.
        tree.CheckOffline();
        worker.AssertTreeIsAsExpected();
    }

    [RootFact(ProductOnly = true)]
    public void A_kill_under_load_leaves_exactly_what_completed_calls_made()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random random = new(seed);
        string here = Tree.NewDirectory();
        KillStressWorker[] workers = [.. Enumerable.Range(0, WorkersCount)
            .Select(i => new KillStressWorker($"{here}/{i}", seed + i))];
        int rounds = Requirements.IsLongRun ? 200 : 8;
        for (int round = 0; round < rounds; round++)
        {
            int server = Tree.ServerProcessId;
            int target = workers.Sum(worker => worker.Completed) + random.Next(50, 4000);
            foreach (KillStressWorker worker in workers) worker.Start();
            while (workers.Sum(worker => worker.Completed) < target && !workers.Any(worker => worker.HasFailed))
            {
                Thread.Yield();
            }

            MountedTree.Kill(server);
            Tree.Up();
            foreach (KillStressWorker worker in workers) worker.End();
            foreach (KillStressWorker worker in workers) worker.AssertTreeIsAsExpected();
            Tree.CheckOffline();
            foreach (KillStressWorker worker in workers) worker.AssertTreeIsAsExpected();
        }

        Tool.Run("rm", "-rf", here);
        Tree.CheckOffline();
    }
}
