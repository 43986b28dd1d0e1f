using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Descriptors;

/// <summary>Operations under way are waited for, and none slips past a closed gate.</summary>
public sealed class EpochTests
{
    private const int ThreadCount = 3;
    private const int Rounds = 300;

    [Fact]
    public void Nothing_under_way_is_not_waited_for()
    {
        Epoch ended = new();
        ended.Enter();
        ended.Leave();

        Assert.True(Epoch.TryAwaitQuiescence([new Epoch(), ended], TimeSpan.Zero));
        Assert.False(ended.IsInside);
    }

    [Fact]
    public void An_operation_under_way_outlasts_a_bounded_wait()
    {
        Epoch busy = new();
        busy.Enter();

        Assert.True(busy.IsInside);
        Assert.False(Epoch.TryAwaitQuiescence([busy], TimeSpan.FromMilliseconds(1)));
        busy.Leave();
        Assert.True(Epoch.TryAwaitQuiescence([busy], TimeSpan.Zero));
    }

    [Fact]
    public async Task The_next_operation_of_a_thread_is_not_waited_for()
    {
        Epoch busy = new();
        busy.Enter();
        Task waiting = Task.Run(() => Epoch.AwaitQuiescence([busy]));
        // Between two operations there is no moment at which the word is seen to be even for long.
        while (!waiting.IsCompleted)
        {
            busy.Leave();
            busy.Enter();
        }
        await waiting;

        Assert.True(busy.IsInside);
    }

    [Fact]
    public void No_operation_is_inside_once_the_gate_is_closed_and_the_wait_is_over()
    {
        Epoch[] epochs = [.. Enumerable.Range(0, ThreadCount).Select(_ => new Epoch())];
        Race race = new();
        Thread[] threads = [.. epochs.Select(epoch => new Thread(() => race.Run(epoch)))];
        foreach (Thread thread in threads) thread.Start();
        long changesSeen = 0;
        for (int round = 0; round < Rounds; round++)
        {
            race.IsClosed = true;
            Epoch.AwaitQuiescence(epochs);
            long before = race.Changes;
            for (int look = 0; look < 100; look++) Assert.Equal(before, race.Changes);
            race.IsClosed = false;
            SpinWait.SpinUntil(() => race.Changes != before);
            changesSeen += race.Changes - before;
        }
        race.HasEnded = true;
        foreach (Thread thread in threads) thread.Join();

        Assert.True(changesSeen >= Rounds);
    }

    /// <summary>Operations that may change a number only while the gate is open.</summary>
    private sealed class Race
    {
        public volatile bool IsClosed;
        public volatile bool HasEnded;
        private long changes;

        public long Changes => Interlocked.Read(ref changes);

        public void Run(Epoch epoch)
        {
            while (!HasEnded)
            {
                epoch.Enter();
                if (!IsClosed) Interlocked.Increment(ref changes);
                epoch.Leave();
            }
        }
    }
}
