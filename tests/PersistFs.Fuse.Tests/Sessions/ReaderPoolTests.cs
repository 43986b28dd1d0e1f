using PersistFs.Fuse.Sessions;

namespace PersistFs.Fuse.Tests.Sessions;

/// <summary>Workers rest while others wait for requests, and only then.</summary>
public sealed class ReaderPoolTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void Nobody_rests_while_nobody_waits_for_requests()
    {
        ReaderPool roster = new();

        roster.Park();

        Assert.Equal(0, roster.ParkedCount);
    }

    [Fact]
    public async Task A_worker_at_rest_comes_back_when_it_is_called()
    {
        ReaderPool roster = new();
        roster.BeginWait();
        Task resting = BeginRest(roster, 1);

        roster.Wake();

        await resting.WaitAsync(Patience);
        Assert.Equal(0, roster.ParkedCount);
    }

    [Fact]
    public async Task A_reader_is_called_only_where_there_is_none()
    {
        ReaderPool roster = new();
        roster.BeginWait();
        Task resting = BeginRest(roster, 1);

        roster.EnsureReader();
        Assert.Equal(1, roster.ParkedCount);
        roster.EndWait();
        roster.EnsureReader();

        await resting.WaitAsync(Patience);
    }

    [Fact]
    public async Task One_call_brings_one_worker_back()
    {
        ReaderPool roster = new();
        roster.BeginWait();
        Task[] resting = [BeginRest(roster, 1), BeginRest(roster, 2), BeginRest(roster, 3)];

        roster.Wake();
        await Task.WhenAny(resting).WaitAsync(Patience);
        Assert.Equal(2, roster.ParkedCount);
        Assert.Equal(1, resting.Count(task => task.IsCompleted));

        roster.Close();
        await Task.WhenAll(resting).WaitAsync(Patience);
    }

    [Fact]
    public void After_the_end_nobody_rests()
    {
        ReaderPool roster = new();
        roster.BeginWait();
        roster.Close();

        roster.Park();
    }

    [Theory, InlineData(20_000)]
    public async Task Of_two_workers_who_go_opposite_ways_at_once_one_sees_the_other(int rounds)
    {
        // One rests as the other, the only reader, begins something long: afterwards somebody must be there to read.
        ReaderPool roster = new();
        using Barrier barrier = new(2);
        Task first = Task.Run(() =>
        {
            for (int round = 0; round < rounds; round++)
            {
                barrier.SignalAndWait(Patience);
                roster.Park();
                barrier.SignalAndWait(Patience);
            }
        });
        Task second = Task.Run(() =>
        {
            for (int round = 0; round < rounds; round++)
            {
                roster.BeginWait();
                barrier.SignalAndWait(Patience);
                roster.EndWait();
                roster.EnsureReader();
                // Had it gone to rest unseen, it would not come to this barrier.
                if (!barrier.SignalAndWait(Patience)) throw new TimeoutException("nobody reads");
            }
        });

        await Task.WhenAll(first, second).WaitAsync(Patience * 5);
        Assert.Equal(0, roster.ParkedCount);
    }

    /// <summary>Sends a worker to rest; returns when it is off duty.</summary>
    private static Task BeginRest(ReaderPool roster, int count)
    {
        Task resting = Task.Factory.StartNew(
            roster.Park, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Assert.True(SpinWait.SpinUntil(() => roster.ParkedCount == count, Patience));
        return resting;
    }
}
