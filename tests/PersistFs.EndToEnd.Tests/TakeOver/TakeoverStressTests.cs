using System.Globalization;
using System.Text.Json;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>Servers killed at any moment under every kind of load, and nobody notices.</summary>
[Collection(TakeOverCollection.Name)]
public sealed class TakeoverStressTests(ITestOutputHelper output)
{
    /// <summary>Environment variable with the number of kills; 100 without it, 10,000 in a long run.</summary>
    private const string KillsVariable = "PERSISTFS_KILLS";

    private const int KillsPerPhase = 1000;

    [RootTheory(ProductOnly = true, Tools = "sqlite3")]
    [InlineData("", 60)]
    [InlineData("writethrough", 40)]
    public void No_client_notices_that_servers_are_killed(string options, int percent)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        using MountedTree tree = MountedTree.Start("2G", options);
        long slab = KernelMemory();
        List<double> pauses = [];
        for (int left = KillsCount() * percent / 100; left > 0; left -= KillsPerPhase)
        {
            RunPhase(tree, seed++, Math.Min(left, KillsPerPhase), pauses);
            tree.CheckOffline();
        }

        pauses.Sort();
        output.WriteLine($"longest call around a kill: median {pauses[pauses.Count / 2]:f0} ms, "
            + $"99th percentile {pauses[pauses.Count * 99 / 100]:f0} ms, longest {pauses[^1]:f0} ms");
        tree.Down();
        long grown = KernelMemory() - slab;
        output.WriteLine($"kernel memory grew by {grown} KiB");
        Assert.InRange(grown, long.MinValue, 128 * 1024);
        tree.Up();
    }

    private void RunPhase(MountedTree tree, int seed, int kills, List<double> pauses)
    {
        JsonElement before = tree.Status();
        int server = before.GetProperty("pid").GetInt32();
        Assert.Equal("keeper", before.GetProperty("holder").GetString());
        string home = tree.NewDirectory();
        TakeoverStressKiller killer;
        using (TakeoverStressLoad load = new(home, seed))
        using (killer = new TakeoverStressKiller(MountedTree.KeeperOf(server), new Random(seed), load))
        {
            while (killer.Kills < kills) killer.Strike();
            load.End();
            output.WriteLine($"{killer.Kills} kills, {killer.EarlyKills} of them early; {load}");
        }

        pauses.AddRange(killer.Pauses);
        int takeovers = tree.Status().GetProperty("takeovers").GetInt32();
        Assert.InRange(takeovers, killer.Kills - killer.EarlyKills, killer.Kills);
        Tool.Run("rm", "-rf", home);
        HeldTree.Await("end of all inodes", () => tree.Status().GetProperty("inodesUsed").GetInt64() == 1);
        long used = tree.Status().GetProperty("bytesUsed").GetInt64();
        output.WriteLine($"bytes used {before.GetProperty("bytesUsed").GetInt64()}, then {used}");
        Assert.InRange(used, 0, before.GetProperty("bytesUsed").GetInt64());
    }

    private static int KillsCount() => Environment.GetEnvironmentVariable(KillsVariable) is { } text
        ? int.Parse(text, CultureInfo.InvariantCulture)
        : Requirements.IsLongRun ? 10_000 : 100;

    /// <summary>KiB of the kernel's own objects, without those that it would drop.</summary>
    private static long KernelMemory()
    {
        File.WriteAllText("/proc/sys/vm/drop_caches", "2");
        string line = File.ReadLines("/proc/meminfo").First(line => line.StartsWith("Slab:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
