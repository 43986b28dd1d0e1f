using PersistFs.Engine.Check;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Crash;

/// <summary>
/// Two operations in two directories, one of them stopped in its middle, and a kill at every store of the other.
/// </summary>
public sealed class InterleavedCrashTests
{
    private const string FirstPlace = "/first";
    private const string SecondPlace = "/second";

    private readonly ulong seed;
    private readonly ITestOutputHelper output;

    public InterleavedCrashTests(ITestOutputHelper output)
    {
        this.output = output;
        seed = Seed.Choose(output);
    }

    public static TheoryData<string> CaseNames => [.. CrashCases.All.Select(one => one.Name)];

    private static int Partners => Seed.IsLongRun ? CrashCases.All.Count : 2;

    private static int StopsPerPair => Seed.IsLongRun ? int.MaxValue : 3;

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void A_kill_with_two_operations_under_way_leaves_each_done_or_not_done(string name)
    {
        CrashCase first = CrashCases.All.Single(one => one.Name == name);
        var random = new SeededRandom(seed);
        int kills = 0;
        for (int partner = 0; partner < Partners; partner++)
        {
            CrashCase second = Seed.IsLongRun ? CrashCases.All[partner] : random.Pick(CrashCases.All);
            int stop = 0;
            for (int count = 0; count < StopsPerPair; count++)
            {
                stop = Seed.IsLongRun ? stop + 1 : 1 + random.Next(60);
                if (!TryPair(first, second, stop, ref kills)) break;
            }
        }
        output.WriteLine($"{kills} kills");
    }

    private bool TryPair(CrashCase first, CrashCase second, int stop, ref int kills)
    {
        using var arena = new MemoryArena(seed);
        Assert.Equal(Linux.Errno.OK, arena.User.CreateDirectory(FirstPlace));
        Assert.Equal(Linux.Errno.OK, arena.User.CreateDirectory(SecondPlace));
        first.Prepare(arena.User, FirstPlace);
        second.Prepare(arena.User, SecondPlace);
        var plan = new CrashPlan
        {
            MayTearData = first.MayTearData || second.MayTearData,
            HasSteps = first.HasSteps || second.HasSteps,
            OneStoreIn = Seed.IsLongRun ? 4 : 8,
            TearingsPerBulk = 1,
            OneRecoveryIn = Seed.IsLongRun ? 20 : 40,
        };
        var explorer = new InterleavedExplorer(arena, seed, plan);
        bool isStopped = explorer.Run(stop, PartOf(first, FirstPlace), PartOf(second, SecondPlace));
        kills += explorer.Kills;
        CheckReport report = VolumeChecker.Check(arena.Volume);
        Assert.True(report.IsClean, $"{second.Name}, stop {stop}:\n{string.Join('\n', report.Findings)}");
        return isStopped;
    }

    private static InterleavedPart PartOf(CrashCase one, string place) => new(place, user => one.Act(user, place))
    {
        UsesAnyPendingList = one.UsesAnyPendingList,
        MovesBetweenDirectories = one.MovesBetweenDirectories,
    };
}
