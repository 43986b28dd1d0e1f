using PersistFs.Engine.Check;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Testing.Model;
using PersistFs.Engine.Transactions;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Model;

/// <summary>
/// Random operations against a model: alone, with kills in their middle, and on several threads at once.
/// </summary>
public sealed class ModelTests
{
    private const ulong ArenaSizeInBytes = 128UL << 20;
    private const int StepsBetweenChecks = 100;
    private const string Place = "/place";

    private readonly ulong seed;
    private readonly ITestOutputHelper output;

    public ModelTests(ITestOutputHelper output)
    {
        this.output = output;
        seed = Seed.Choose(output);
    }

    [Fact]
    public void A_volume_behaves_as_the_model_does()
    {
        int steps = Seed.IsLongRun ? 300_000 : 12_000;
        using var arena = new MemoryArena(seed, ArenaSizeInBytes);
        Assert.Equal(Linux.Errno.OK, arena.User.CreateDirectory(Place));
        var driver = new ModelDriver(arena.User, Place, new SeededRandom(seed));
        for (int step = 1; step <= steps; step++)
        {
            Do(driver, step, driver.Next());
            if (step % StepsBetweenChecks == 0) Compare(arena, driver, Place, step);
        }
        Finish(arena, driver);
    }

    [Fact]
    public void A_volume_whose_process_is_killed_at_random_stores_behaves_as_the_model_does()
    {
        int steps = Seed.IsLongRun ? 20_000 : 600;
        using var arena = new MemoryArena(seed, ArenaSizeInBytes);
        Assert.Equal(Linux.Errno.OK, arena.User.CreateDirectory(Place));
        var random = new SeededRandom(seed + 1);
        var driver = new ModelDriver(arena.User, Place, new SeededRandom(seed));
        int kills = 0;
        for (int step = 1; step <= steps; step++)
        {
            Action operation = driver.Next();
            var plan = new CrashPlan
            {
                OneStoreIn = 10,
                TearingsPerBulk = 1,
                OneRecoveryIn = 50,
                MayTearData = driver.LastMayTearData,
                HasSteps = driver.LastMayTearData,
            };
            if (step < 100 || random.OneIn(2))
            {
                Do(driver, step, operation);
                continue;
            }
            var explorer = new CrashExplorer(arena, random.NextWord(), plan);
            Do(driver, step, () => explorer.Run(operation));
            kills += explorer.Kills;
        }
        output.WriteLine($"{kills} kills");
        Finish(arena, driver);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void A_volume_behaves_as_the_model_does_on_several_threads_at_once(int threadCount)
    {
        int steps = (Seed.IsLongRun ? 300_000 : 16_000) / threadCount;
        using var arena = new MemoryArena(seed, ArenaSizeInBytes);
        var failures = new List<string>();
        var drivers = new List<(ModelDriver Driver, string Place)>();
        for (int index = 0; index < threadCount; index++)
        {
            Worker worker = index == 0 ? arena.Worker : arena.Volume.AttachWorker();
            string place = $"/{index}";
            Assert.Equal(Linux.Errno.OK, arena.User.CreateDirectory(place));
            drivers.Add((new ModelDriver(new VolumeUser(arena.Volume, worker), place,
                new SeededRandom(seed + (ulong)index)), place));
        }
        Thread[] threads = [.. drivers.Select(each => new Thread(() => Run(each.Driver, steps, failures)))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.True(failures.Count == 0, string.Join('\n', failures) + Seed.Describe(seed));
        foreach ((ModelDriver driver, string place) in drivers) Compare(arena, driver, place, steps);
        foreach ((ModelDriver driver, string _) in drivers) driver.LetGoOfAll();
        Assert.Equal(0UL, VolumeChecker.Check(arena.Volume).PendingInodes);
    }

    private static void Run(ModelDriver driver, int steps, List<string> failures)
    {
        try
        {
            for (int step = 0; step < steps; step++) driver.Next()();
        }
        catch (Exception exception)
        {
            lock (failures) failures.Add($"{driver.LastOperation}: {exception}");
        }
    }

    private void Do(ModelDriver driver, int step, Action operation)
    {
        try
        {
            operation();
        }
        catch (Exception exception)
        {
            Assert.Fail($"Step {step}, {driver.LastOperation}: {exception}\n{Seed.Describe(seed)}");
        }
    }

    private void Finish(MemoryArena arena, ModelDriver driver)
    {
        Compare(arena, driver, Place, 0);
        driver.LetGoOfAll();
        CheckReport report = VolumeChecker.Check(arena.Volume);
        Assert.Equal(0UL, report.PendingInodes);
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
    }

    private void Compare(MemoryArena arena, ModelDriver driver, string place, int step)
    {
        CheckReport report = VolumeChecker.Check(arena.Volume);
        Assert.True(report.IsClean, $"Step {step}:\n{string.Join('\n', report.Findings)}\n{Seed.Describe(seed)}");
        SortedDictionary<string, string> expected = TreeText.Of(driver.Model.Root);
        SortedDictionary<string, string> actual = TreeText.Of(TreeReader.Read(arena.Volume), place);
        string? difference = TreeText.FindDifference(expected, actual);
        Assert.True(difference is null, $"Step {step}: {difference}\n{Seed.Describe(seed)}");
    }
}
