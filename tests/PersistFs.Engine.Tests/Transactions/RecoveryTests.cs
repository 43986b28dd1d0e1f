using PersistFs.Engine.Arenas;
using PersistFs.Engine.Check;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Transactions;

/// <summary>Transactions of the lowest level, killed at every store, and recoveries killed again and again.</summary>
public sealed class RecoveryTests
{
    private readonly ulong seed;
    private readonly ITestOutputHelper output;

    public RecoveryTests(ITestOutputHelper output)
    {
        this.output = output;
        seed = Seed.Choose(output);
    }

    [Fact]
    public void A_transaction_that_is_killed_three_times_over_leaves_nothing()
    {
        using var arena = new MemoryArena(seed);
        var explorer = new CrashExplorer(
            arena, seed, new CrashPlan { RecoveryDepth = 3, OneRecoveryIn = 3, TearingsPerBulk = 1 });
        explorer.Run(() => ChangeAndAbort(arena));
        output.WriteLine($"{explorer.Kills} kills at {explorer.Stores} stores");
        Assert.True(explorer.Kills > explorer.Stores);
    }

    [Fact]
    public void A_new_worker_is_there_or_not_there()
    {
        using var arena = new MemoryArena(seed);
        new CrashExplorer(arena, seed, CrashPlan.Full).Run(() => arena.Volume.AttachWorker());
    }

    [Fact]
    public void Frames_that_come_and_go_are_whole_after_a_kill()
    {
        using var arena = new MemoryArena(seed);
        FrameSupply supply = arena.Volume.Space.Allocator.Supply;
        new CrashExplorer(arena, seed, CrashPlan.Full).Run(() =>
        {
            while (supply.TryGrow() == Errno.OK)
            {
            }
        });
        Assert.Equal(0U, supply.AbsentFrames);
        Assert.True(VolumeChecker.Check(arena.Volume).IsClean);
    }

    [Fact]
    public void A_session_that_begins_is_whole_after_a_kill()
    {
        using var arena = new MemoryArena(seed);
        new CrashExplorer(arena, seed, CrashPlan.Full with { TearingsPerBulk = 16 }).Run(arena.Tree.BeginSession);
        Assert.Equal(2U, arena.Tree.Session);
    }

    [Theory]
    [InlineData(WorkerHeader.UndoCapacity + 1, 0)]
    [InlineData(0, WorkerHeader.FreesCapacity + 1)]
    [InlineData(ushort.MaxValue, ushort.MaxValue)]
    public void A_journal_with_more_entries_than_room_is_refused_and_left_as_it_is(int undoCount, int freeCount) =>
        RequireRefused((arena, start) => SetState(arena, start, undoCount, freeCount));

    [Theory]
    [InlineData(0x1000UL, UndoEntry.KindWord, 8)] // A root page.
    [InlineData(0x100000UL, UndoEntry.KindWord, 8)] // The frame table.
    [InlineData(0x4001UL, UndoEntry.KindWord, 8)] // Misaligned.
    [InlineData(0x4000UL, UndoEntry.KindWord, 3)] // No length of a word.
    [InlineData(0x1000000000UL, UndoEntry.KindWord, 8)] // Past the arena's end.
    [InlineData(0x4000UL, UndoEntry.KindObject, 0)] // Frame 0 has no objects.
    [InlineData(0x0UL, UndoEntry.KindDataFrame, 0)] // Frame 0 is nobody's data.
    [InlineData(0x4000UL, 9, 8)] // No kind.
    public void A_journal_that_would_undo_what_no_transaction_does_is_refused(ulong offset, int kind, int length) =>
        RequireRefused((arena, start) =>
        {
            var entry = start + WorkerHeader.UndoOffset;
            Store.Word(ref arena.Target<ulong>(entry), UndoEntry.TargetOf(new ArenaPointer(offset), kind, length));
            Store.Word(ref arena.Target<ulong>(entry + 8), (ulong)BlockType.Data);
            SetState(arena, start, 1, 0);
        });

    [Theory]
    [InlineData(0x4000UL, 1)]
    [InlineData(0x1000000000UL, 1)]
    [InlineData(0x400000UL, 99)]
    public void A_journal_that_would_free_what_nobody_allocates_is_refused(ulong offset, int type) =>
        RequireRefused((arena, start) =>
        {
            Store.Word(ref arena.Target<ulong>(start + WorkerHeader.FreesOffset), offset | (ulong)type << 56);
            SetState(arena, start, 0, 1);
        });

    /// <summary>Every kind of store, then Dispose without Commit.</summary>
    private static void ChangeAndAbort(MemoryArena arena)
    {
        Space space = arena.Volume.Space;
        ref readonly InodeRecord root = ref space.Arena.At<InodeRecord>(arena.Tree.Root.Record);
        using Transaction transaction = arena.Worker.Begin();
        Assert.True(transaction.TryReserve(4));
        transaction.Set(in root.Mode, root.Mode ^ 1);
        ArenaPointer first = transaction.AllocateObject(SizeClass.Holding(64));
        ArenaPointer second = transaction.AllocateObject(SizeClass.Holding(64));
        transaction.WriteFresh(second, in root);
        ArenaPointer block = transaction.AllocateBlock(BlockUse.Of(BlockType.Data, arena.Tree.Root, 0, 7));
        transaction.ZeroData(block, Layout.BlockSizeInBytes);
        transaction.Set(in root.UserId, 77U);
        transaction.Set(in root.Mode, root.Mode ^ 2);
        transaction.Free(first, SizeClass.Holding(64));
        transaction.HoldPendingList(3);
        transaction.CountInodes(0, 5);
    }

    private void RequireRefused(Action<PersistFs.Engine.Arenas.Arena, ArenaPointer> damage)
    {
        using var arena = new MemoryArena(seed);
        damage(arena.Volume.Space.Arena, arena.Worker.Journal.Start);
        using var snapshot = new SnapshotBacking(arena.Backing);
        byte[] before = snapshot.Bytes(0, 3 * Layout.FrameSizeInBytes).ToArray();
        Assert.Throws<ArenaCorruptException>(() => VolumeOpener.Open(snapshot, new VolumeOptions()));
        Assert.True(snapshot.Bytes(0, 3 * Layout.FrameSizeInBytes).SequenceEqual(before));
    }

    private static void SetState(
        PersistFs.Engine.Arenas.Arena arena, ArenaPointer start, int undoCount, int freeCount) =>
        Store.Word(ref arena.Target<ulong>(start), new JournalWord(undoCount, freeCount, 1).Value);
}
