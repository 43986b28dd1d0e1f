using PersistFs.Engine.Arenas;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Transactions;

public sealed class FrameSetTests
{
    private readonly ulong seed;

    public FrameSetTests(ITestOutputHelper output) => seed = Seed.Choose(output);

    [Theory]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(4096)]
    [InlineData(5000)]
    [InlineData(600_000)]
    public void It_finds_the_next_member_going_round(int frameCount)
    {
        var random = new SeededRandom(seed);
        var set = new FrameSet((uint)frameCount);
        SortedSet<uint> model = [];
        for (int step = 0; step < 5000; step++)
        {
            uint frame = (uint)random.Next(frameCount);
            if (model.Remove(frame))
            {
                set.Remove(frame);
            }
            else if (model.Count < 40)
            {
                set.Add(frame);
                model.Add(frame);
            }
            uint start = (uint)random.Next(frameCount + 1);
            uint? expected = model.Count == 0 ? null
                : model.GetViewBetween(start, uint.MaxValue) is { Count: > 0 } after ? after.Min : model.Min;
            Assert.Equal(expected, set.TryFind(start, out uint found) ? found : null);
        }
    }

    [Fact]
    public void What_several_threads_add_and_remove_is_neither_lost_nor_left_behind()
    {
        const int FrameCount = 70_000, ThreadCount = 4;
        var set = new FrameSet(FrameCount);
        var left = new SortedSet<uint>[ThreadCount];
        Thread[] threads = [.. Enumerable.Range(0, ThreadCount).Select(index => new Thread(() =>
        {
            // Neighbours share words, and every level is emptied again and again.
            var random = new SeededRandom(seed + (ulong)index);
            SortedSet<uint> own = [];
            for (int step = 0; step < 200_000; step++)
            {
                uint frame = (uint)(random.Next(3) * 30_000 + random.Next(4) * ThreadCount + index);
                if (own.Remove(frame))
                {
                    set.Remove(frame);
                    continue;
                }
                own.Add(frame);
                set.Add(frame);
            }
            left[index] = own;
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        uint[] expected = [.. left.SelectMany(own => own).Order()];
        List<uint> members = [];
        for (uint start = 0; set.TryFind(start, out uint found) && found >= start; start = found + 1)
            members.Add(found);
        Assert.True(expected.AsSpan().SequenceEqual(members.ToArray()), Seed.Describe(seed));
    }
}
