using PersistFs.Engine.Check;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Crash;

/// <summary>Every operation, killed at every store of it and at every store of the recovery.</summary>
public sealed class OperationCrashTests
{
    private const string Place = "/place";

    private readonly ulong seed;
    private readonly ITestOutputHelper output;

    public OperationCrashTests(ITestOutputHelper output)
    {
        this.output = output;
        seed = Seed.Choose(output);
    }

    public static TheoryData<string> CaseNames => [.. CrashCases.All.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void An_operation_that_is_killed_is_done_or_not_done(string name)
    {
        CrashCase one = CrashCases.All.Single(other => other.Name == name);
        using var arena = new MemoryArena(seed);
        Assert.Equal(Linux.Errno.OK, arena.User.CreateDirectory(Place));
        one.Prepare(arena.User, Place);
        var plan = new CrashPlan
        {
            MayTearData = one.MayTearData,
            HasSteps = one.HasSteps,
            OneStoreIn = Seed.IsLongRun || !one.IsLarge ? 1 : 8,
            TearingsPerBulk = Seed.IsLongRun ? 4 : 1,
            OneRecoveryIn = Seed.IsLongRun ? 1 : 20,
        };
        var explorer = new CrashExplorer(arena, seed, plan);
        explorer.Run(() => one.Act(arena.User, Place));
        output.WriteLine($"{explorer.Kills} kills at {explorer.Stores} stores");
        Assert.True(explorer.Kills > 0);
        CheckReport report = VolumeChecker.Check(arena.Volume);
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
    }
}
