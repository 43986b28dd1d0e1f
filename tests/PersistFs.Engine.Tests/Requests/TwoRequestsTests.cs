using PersistFs.Engine.Check;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Requests;

/// <summary>
/// Two requests in two directories, one of them stopped in its middle, and a kill at every store of the other.
/// </summary>
public sealed class TwoRequestsTests
{
    private const string FirstPlace = "/first";
    private const string SecondPlace = "/second";

    private readonly ulong seed;
    private readonly ITestOutputHelper output;

    public TwoRequestsTests(ITestOutputHelper output)
    {
        this.output = output;
        seed = Seed.Choose(output);
    }

    public static TheoryData<string> CaseNames => [.. RequestCases.All.Select(one => one.Name)];

    private static int Partners => Seed.IsLongRun ? RequestCases.All.Count : 1;

    private static int StopsPerPair => Seed.IsLongRun ? int.MaxValue : 2;

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void Two_requests_in_hand_when_a_server_is_killed_are_executed_once_each(string name)
    {
        RequestCase first = RequestCases.All.Single(one => one.Name == name);
        var random = new SeededRandom(seed);
        int kills = 0;
        for (int partner = 0; partner < Partners; partner++)
        {
            RequestCase second = Seed.IsLongRun ? RequestCases.All[partner] : random.Pick(RequestCases.All);
            int stop = 0;
            for (int count = 0; count < StopsPerPair; count++)
            {
                stop = Seed.IsLongRun ? stop + 3 : 1 + random.Next(50);
                if (!TryPair(first, second, stop, ref kills)) break;
            }
        }
        output.WriteLine($"{kills} kills");
    }

    private bool TryPair(RequestCase first, RequestCase second, int stop, ref int kills)
    {
        using var arena = new MemoryArena(seed);
        Assert.Equal(Linux.Errno.OK, arena.User.CreateDirectory(FirstPlace));
        Assert.Equal(Linux.Errno.OK, arena.User.CreateDirectory(SecondPlace));
        var one = new PendingRequest(new RecordedRequest(7, first.Prepare(arena.User, FirstPlace)), FirstPlace);
        var other = new PendingRequest(new RecordedRequest(8, second.Prepare(arena.User, SecondPlace)), SecondPlace);
        var plan = new CrashPlan
        {
            OneStoreIn = 4,
            TearingsPerBulk = 1,
            OneRecoveryIn = 40,
            OneSuccessorStoreIn = 8,
            RecoveryDepth = 1,
        };
        var explorer = new RequestExplorer(arena, seed, plan);
        bool isStopped = explorer.RunBeside(stop, one, other, inodes => LockProbe.WouldWait(
            arena.Volume, inodes, second.UsesAnyPendingList, second.MovesBetweenDirectories));
        kills += explorer.Kills;
        CheckReport report = VolumeChecker.Check(arena.Volume);
        Assert.True(report.IsClean, $"{second.Name}, stop {stop}:\n{string.Join('\n', report.Findings)}");
        return isStopped;
    }
}
