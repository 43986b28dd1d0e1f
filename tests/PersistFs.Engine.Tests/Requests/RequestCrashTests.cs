using PersistFs.Engine.Check;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Requests;

/// <summary>
/// Requests that are sent again after their server was killed, at every store; and their next servers killed as well.
/// </summary>
public sealed class RequestCrashTests
{
    private const ulong Number = 7;
    private const string Place = "/place";

    private readonly ulong seed;
    private readonly ITestOutputHelper output;

    public RequestCrashTests(ITestOutputHelper output)
    {
        this.output = output;
        seed = Seed.Choose(output);
    }

    public static TheoryData<string> CaseNames => [.. RequestCases.All.Select(one => one.Name)];

    private static CrashPlan Plan => new()
    {
        TearingsPerBulk = Seed.IsLongRun ? 4 : 1,
        OneRecoveryIn = Seed.IsLongRun ? 4 : 25,
        OneSuccessorStoreIn = Seed.IsLongRun ? 4 : 8,
        RecoveryDepth = 3,
    };

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void A_request_whose_server_is_killed_is_executed_once_and_answered_once(string name)
    {
        RequestCase one = RequestCases.All.Single(other => other.Name == name);
        using var arena = new MemoryArena(seed);
        Assert.Equal(Linux.Errno.OK, arena.User.CreateDirectory(Place));
        Func<Volume, Worker, RequestReply> execute = one.Prepare(arena.User, Place);
        Explore(arena, new RecordedRequest(Number, execute), arena.Worker);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Inodes_that_are_forgotten_by_a_server_that_is_killed_are_forgotten_once(int slot)
    {
        using var arena = new MemoryArena(seed);
        Worker worker = slot == 0 ? arena.Worker : arena.Volume.AttachWorker();
        Assert.Equal(slot, worker.Slot);
        var forgotten = new List<(InodeNumber Inode, ulong Count)>();
        for (int index = 0; index < 8; index++)
        {
            string path = $"/{index}";
            Assert.Equal(Linux.Errno.OK, arena.User.CreateFile(path));
            if (index % 4 == 0) Assert.Equal(Linux.Errno.OK, arena.User.Write(path, 0, new byte[9000]));
            for (int held = 0; held <= index % 3; held++) arena.User.Hold(path);
            // Of some not all is forgotten, and one inode comes twice.
            forgotten.Add((arena.User.Hold(path), (ulong)(index % 2) + 1));
            if (index == 5) forgotten.Add((forgotten[^1].Inode, 1));
            if (index % 2 == 1) Assert.Equal(Linux.Errno.OK, arena.User.Unlink(path));
        }
        ForgetRequest.Arrive(worker);
        Explore(arena, new ForgetRequest(Number, slot, forgotten), worker);
    }

    [Fact]
    public void An_orphan_whose_last_references_are_forgotten_is_gone_whoever_forgets_them()
    {
        using var arena = new MemoryArena(seed);
        var forgotten = new List<(InodeNumber Inode, ulong Count)>();
        for (int index = 0; index < 4; index++)
        {
            Assert.Equal(Linux.Errno.OK, arena.User.CreateUnnamed("", out InodeNumber inode));
            Assert.Equal(Linux.Errno.OK, arena.Tree.Write(arena.Worker, inode, 0, new byte[9000]));
            forgotten.Add((inode, 1));
        }
        ForgetRequest.Arrive(arena.Worker);
        Explore(arena, new ForgetRequest(Number, arena.Worker.Slot, forgotten), arena.Worker);
        Assert.Empty(LookupImage.Held(arena.Volume));
        Assert.Equal(0UL, VolumeChecker.Check(arena.Volume).PendingInodes);
    }

    private void Explore(MemoryArena arena, ServedRequest request, Worker worker)
    {
        var explorer = new RequestExplorer(arena, seed, Plan);
        explorer.Run(request, worker);
        output.WriteLine($"{explorer.Kills} kills at {explorer.Stores} stores; "
            + $"killed again: {string.Join(", ", explorer.Successors[1..])}");
        Assert.True(explorer.Kills >= explorer.Stores && explorer.Stores > 0);
        CheckReport report = VolumeChecker.Check(arena.Volume);
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
    }
}
