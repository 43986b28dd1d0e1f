using PersistFs.Engine.Arenas;
using PersistFs.Engine.Check;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Tests.Transactions;

/// <summary>How the arena gets memory from the system, and what happens when there is none.</summary>
public sealed class SpaceTests : IDisposable
{
    private readonly MemoryArena arena = new(seed: 1, sizeInBytes: 64UL << 20);

    private Space Space => arena.Volume.Space;

    private FrameSupply Supply => Space.Allocator.Supply;

    public void Dispose() => arena.Dispose();

    [Fact]
    public void Memory_that_the_system_refused_once_is_asked_for_again()
    {
        arena.Backing.FramesMax = 6;
        int blocks = 0;
        while (TryAllocate()) blocks++;
        Assert.InRange(blocks, 1, 6 * Layout.UsableBlocksPerFrame);
        Assert.False(TryAllocate());
        arena.Backing.FramesMax = ulong.MaxValue;
        Assert.True(TryAllocate());
    }

    [Fact]
    public void What_is_kept_in_reserve_is_for_data_that_was_acknowledged()
    {
        while (TryAllocate())
        {
        }
        Assert.False(TryAllocate());
        Assert.True(TryAllocate(SpaceLevel.Acknowledged));
    }

    [Fact]
    public void A_worker_gets_a_new_frame_where_only_parts_of_frames_are_free()
    {
        var held = new List<ArenaPointer>();
        for (int index = 0; index < 4 * Layout.UsableBlocksPerFrame; index++) held.Add(Allocate(SpaceLevel.Ordinary));
        using (Transaction transaction = arena.Worker.Begin())
        {
            for (int index = 0; index < held.Count; index += 2) transaction.Free(held[index], BlockType.Data);
            transaction.Commit();
        }
        while (Supply.TryTakeFrame(out _))
        {
        }
        Assert.Equal(0, Supply.FreeFrames);
        Assert.True(Supply.AvailableBlocks >= Layout.UsableBlocksPerFrame);
        Assert.NotNull(arena.Volume.AttachWorker());
    }

    [Fact]
    public void An_arena_holds_as_much_memory_as_it_says()
    {
        ulong present = VolumeChecker.Check(arena.Volume).FramesPresent;
        Assert.Equal(present * Layout.FrameSizeInBytes, arena.Backing.AllocatedBytes);
    }

    private bool TryAllocate(SpaceLevel level = SpaceLevel.Ordinary) => !Allocate(level).IsNull;

    private ArenaPointer Allocate(SpaceLevel level)
    {
        using Transaction transaction = arena.Worker.Begin();
        if (!transaction.TryReserve(1, level)) return ArenaPointer.Null;
        ArenaPointer block = transaction.AllocateBlock(BlockUse.Of(BlockType.Data, arena.Tree.Root, 0, 0));
        transaction.Commit();
        return block;
    }
}
