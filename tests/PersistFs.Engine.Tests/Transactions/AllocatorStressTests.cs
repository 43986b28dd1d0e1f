using PersistFs.Engine.Check;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Transactions;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Transactions;

/// <summary>Several threads allocate, free and abort in one arena, and nobody gets what somebody else has.</summary>
public sealed class AllocatorStressTests
{
    private const ulong ArenaSizeInBytes = 64UL << 20;

    private readonly ulong seed;

    public AllocatorStressTests(ITestOutputHelper output) => seed = Seed.Choose(output);

    private static int Rounds => Seed.IsLongRun ? 200_000 : 20_000;

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Threads_that_allocate_free_and_abort_never_share_anything(int threadCount)
    {
        using var arena = new MemoryArena(seed, ArenaSizeInBytes);
        var users = new List<AllocatorUser>();
        for (int index = 0; index < threadCount; index++)
            users.Add(new AllocatorUser(
                arena.Volume, index == 0 ? arena.Worker : arena.Volume.AttachWorker(), seed + (ulong)index));
        Thread[] threads = [.. users.Select(user => new Thread(() => user.Run(Rounds / threadCount)))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        Assert.All(users, user => Assert.True(user.Failure is null, $"{user.Failure}\n{Seed.Describe(seed)}"));
        foreach (AllocatorUser user in users) user.FreeAll();
        CheckReport report = VolumeChecker.Check(arena.Volume);
        Assert.True(report.IsClean, string.Join('\n', report.Findings) + Seed.Describe(seed));
        // What is left is the root directory's slab.
        Assert.Equal(1UL, report.BlocksUsed);
    }

    [Fact]
    public void Everything_that_an_aborted_transaction_allocated_is_free_again()
    {
        using var arena = new MemoryArena(seed);
        Space space = arena.Volume.Space;
        long free = space.Allocator.Supply.AvailableBlocks;
        for (int round = 0; round < 3; round++)
        {
            using Transaction transaction = arena.Worker.Begin();
            Assert.True(transaction.TryReserve(40));
            for (int index = 0; index < 20; index++)
            {
                _ = transaction.AllocateObject((BlockType)((int)BlockType.FirstSlab + index % SizeClass.Count));
                _ = transaction.AllocateBlock(BlockUse.Of(BlockType.Data, arena.Tree.Root, 0, (ulong)index));
            }
        }
        Assert.True(VolumeChecker.Check(arena.Volume).IsClean);
        Assert.True(space.Allocator.Supply.AvailableBlocks >= free);
    }
}
