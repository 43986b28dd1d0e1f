using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Descriptors;

/// <summary>A wait ends with the event, also with one that came before the wait began.</summary>
public sealed class EventCountTests
{
    [Fact]
    public void An_event_since_the_count_was_read_ends_the_wait_at_once()
    {
        EventCount events = new();
        int seen = events.Current;
        events.Signal();

        events.Await(seen, timeoutInMilliseconds: -1);

        Assert.NotEqual(seen, events.Current);
    }

    [Fact]
    public void Without_an_event_the_wait_ends_with_its_time()
    {
        EventCount events = new();
        int seen = events.Current;

        events.Await(seen, timeoutInMilliseconds: 1);

        Assert.Equal(seen, events.Current);
    }

    [Fact]
    public async Task Every_thread_that_waits_is_woken_by_each_event()
    {
        const int Events = 1000;
        EventCount events = new();
        int last = unchecked(events.Current + Events);
        Task[] waiting = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() => AwaitCount(events, last)))];
        for (int index = 0; index < Events; index++) events.Signal();

        await Task.WhenAll(waiting);

        Assert.Equal(last, events.Current);
    }

    private static void AwaitCount(EventCount events, int last)
    {
        int seen;
        while ((seen = events.Current) != last) events.Await(seen, timeoutInMilliseconds: -1);
    }
}
