using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Requests;

/// <summary>A request that ends its servers is given up after three; no other request is.</summary>
public sealed class QuarantineTests : IDisposable
{
    private const ulong Guilty = 7;

    private readonly MemoryArena arena = new(seed: 1);
    private readonly ServerChain servers;

    public QuarantineTests() => servers = new ServerChain(arena);

    public void Dispose()
    {
        servers.Dispose();
        arena.Dispose();
    }

    [Fact]
    public void A_request_that_was_in_hand_when_three_servers_died_is_given_up()
    {
        for (int death = 1; death <= CrashCounts.CrashesMax; death++)
        {
            Assert.False(servers.Tree.IsGivenUp(Guilty));
            servers.Take(0, Guilty);
            servers.Die();
        }
        Assert.True(servers.Tree.IsGivenUp(Guilty));
        // And stays so, however many servers come and go without it.
        servers.Die();
        Assert.True(servers.Tree.IsGivenUp(Guilty));
    }

    [Fact]
    public void A_request_that_was_in_hand_when_servers_were_killed_from_outside_is_tried_again_and_again()
    {
        for (int death = 1; death <= CrashCounts.KillsMax; death++)
        {
            Assert.False(servers.Tree.IsGivenUp(Guilty));
            servers.Take(death % 3, Guilty);
            servers.Die(isKill: true);
            Assert.Equal(new CrashCounts(0, death), servers.Tree.DeathsOf(Guilty));
        }
        // Not for ever: where memory runs out over it, its servers are killed from outside too.
        Assert.True(servers.Tree.IsGivenUp(Guilty));
    }

    [Fact]
    public void Crashes_and_kills_are_counted_apart()
    {
        for (int crash = 1; crash < CrashCounts.CrashesMax; crash++)
        {
            servers.Take(0, Guilty);
            servers.Die();
            servers.Take(0, Guilty);
            servers.Die(isKill: true);
            Assert.Equal(new CrashCounts(crash, crash), servers.Tree.DeathsOf(Guilty));
            Assert.False(servers.Tree.IsGivenUp(Guilty));
        }
        servers.Take(0, Guilty);
        servers.Die();
        Assert.True(servers.Tree.IsGivenUp(Guilty));
    }

    [Fact]
    public void How_a_server_ended_is_asked_only_where_a_request_was_in_hand_and_not_executed()
    {
        using var backing = new SnapshotBacking(arena.Backing);
        Volume volume = VolumeOpener.Open(MemoryBacking.CopyOf(backing), new VolumeOptions());
        volume.DefaultTree.ResumeSession(() => throw new InvalidOperationException("asked"));
        volume.Dispose();
    }

    [Fact]
    public void Deaths_count_whichever_worker_had_the_request_in_hand()
    {
        servers.Take(2, Guilty);
        servers.Die();
        servers.Take(0, Guilty);
        servers.Die();
        servers.Take(1, Guilty);
        servers.Die();
        Assert.True(servers.Tree.IsGivenUp(Guilty));
    }

    [Fact]
    public void A_request_that_was_executed_is_never_given_up()
    {
        Worker worker = servers.Take(3, Guilty);
        Assert.Equal(Errno.OK, servers.Tree.LookupSelf(worker, servers.Tree.Root, out _));
        for (int death = 0; death <= CrashCounts.CrashesMax; death++)
        {
            servers.Die();
            Assert.False(servers.Tree.IsGivenUp(Guilty));
            Assert.True(servers.Tree.TryRecall(Guilty, out _));
            servers.Take(0, Guilty);
        }
        // The record lies in a later slot than the worker that has it in hand: no death is counted all the same.
        Assert.All(Suspects(), suspect => Assert.Equal(0UL, suspect.Request));
    }

    [Fact]
    public void Requests_that_were_answered_between_two_deaths_are_not_counted()
    {
        for (int death = 0; death < 5; death++)
        {
            Worker worker = servers.Take(0, (ulong)(100 + death));
            servers.Tree.EndRequest(worker);
            servers.Take(1, Guilty);
            servers.Die();
        }
        Assert.True(servers.Tree.IsGivenUp(Guilty));
        for (int death = 0; death < 5; death++) Assert.False(servers.Tree.IsGivenUp((ulong)(100 + death)));
    }

    [Fact]
    public void A_request_that_was_in_hand_by_chance_is_counted_once()
    {
        servers.Take(0, Guilty);
        servers.Take(1, 8);
        servers.Die();
        // Sent again one by one: it is answered before the guilty one ends this server and the next.
        servers.Tree.EndRequest(servers.Take(0, 8));
        servers.Take(0, Guilty);
        servers.Die();
        servers.Take(0, Guilty);
        servers.Die();
        Assert.True(servers.Tree.IsGivenUp(Guilty));
        Assert.False(servers.Tree.IsGivenUp(8));
    }

    [Fact]
    public void A_request_of_another_session_with_the_same_number_is_another_request()
    {
        for (int death = 0; death < CrashCounts.CrashesMax; death++)
        {
            servers.Take(0, Guilty);
            servers.Die();
        }
        Assert.True(servers.Tree.IsGivenUp(Guilty));
        servers.Tree.BeginSession();
        Assert.False(servers.Tree.IsGivenUp(Guilty));
        servers.Die();
        Assert.False(servers.Tree.IsGivenUp(Guilty));
        servers.Take(0, Guilty);
        servers.Die();
        Assert.False(servers.Tree.IsGivenUp(Guilty));
    }

    [Fact]
    public void A_record_of_another_session_with_the_same_number_answers_nothing()
    {
        Worker worker = servers.Take(0, Guilty);
        Assert.Equal(Errno.OK, servers.Tree.LookupSelf(worker, servers.Tree.Root, out _));
        servers.Die();
        Assert.True(servers.Tree.TryRecall(Guilty, out _));
        // The connection could not be taken over after all.
        servers.Tree.BeginSession();
        Assert.False(servers.Tree.TryRecall(Guilty, out _));
        servers.Die();
        Assert.False(servers.Tree.TryRecall(Guilty, out _));
        // The record's place is used again.
        worker = servers.Take(0, Guilty);
        Assert.Equal(Errno.OK, servers.Tree.LookupSelf(worker, servers.Tree.Root, out _));
        Assert.Equal([Guilty], RecordReader.Completed(servers.Volume));
    }

    [Fact]
    public void More_suspects_than_there_are_entries_do_not_push_out_the_one_with_most_deaths()
    {
        servers.Take(0, Guilty);
        servers.Die();
        for (ulong other = 100; other < 100 + 3 * WorkerHeader.SuspectCount; other++)
        {
            if (other == 110)
            {
                servers.Take(0, Guilty);
                servers.Die();
            }
            servers.Take(0, other);
            servers.Die();
        }
        servers.Take(0, Guilty);
        servers.Die();
        Assert.True(servers.Tree.IsGivenUp(Guilty));
        Assert.Equal(WorkerHeader.SuspectCount,
            Suspects().Select(suspect => suspect.Request).Distinct().Count(request => request != 0));
    }

    [Theory]
    [InlineData(0xFF)]
    [InlineData(0x00)]
    [InlineData(0x01)]
    public void A_damaged_table_of_suspects_gives_nothing_up_that_it_does_not_name(byte filling)
    {
        servers.Take(0, Guilty);
        servers.Die(volume =>
        {
            foreach (ArenaPointer frame in RecordReader.Frames(volume))
                volume.Space.Arena.TargetBytes(frame + 0x40, WorkerHeader.SuspectCount * 16).Fill(filling);
        });
        Assert.False(servers.Tree.IsGivenUp(Guilty));
        Assert.False(servers.Tree.IsGivenUp(8));
        servers.Take(0, Guilty);
        servers.Die();
        servers.Take(0, Guilty);
        servers.Die();
        Assert.True(servers.Tree.IsGivenUp(Guilty));
    }

    [Fact]
    public void A_count_of_deaths_that_is_at_its_limit_stays_there()
    {
        servers.Take(0, Guilty);
        servers.Die();
        servers.Take(0, Guilty);
        servers.Die(volume =>
        {
            foreach (ArenaPointer frame in RecordReader.Frames(volume))
                Store.Word(ref volume.Space.Arena.Target<uint>(frame + 0x4C), uint.MaxValue);
        });
        Assert.True(servers.Tree.IsGivenUp(Guilty));
    }

    private IEnumerable<QuarantineEntry> Suspects()
    {
        foreach (ArenaPointer frame in RecordReader.Frames(servers.Volume))
        {
            WorkerHeader header = servers.Volume.Space.Arena.At<WorkerHeader>(frame);
            for (int index = 0; index < WorkerHeader.SuspectCount; index++) yield return header.Suspects[index];
        }
    }
}
