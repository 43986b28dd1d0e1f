using System.IO.Hashing;
using System.Text;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Volumes;

/// <summary>A frozen volume stands still, and whoever waits for it goes on afterwards.</summary>
public sealed class FreezeTests
{
    private const int ThreadCount = 4;
    private const int FreezeCount = 40;
    private const int LooksPerFreeze = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void Nothing_changes_while_the_volume_is_frozen_and_no_journal_is_in_use()
    {
        using var arena = new TestArena();
        using var stop = new CancellationTokenSource();
        Thread[] threads =
            [.. Enumerable.Range(0, ThreadCount).Select(index => Start(() => Change(arena, index, stop)))];
        Worker maintenance = arena.Volume.AttachWorker();
        Thread balance = Start(() =>
        {
            while (!stop.IsCancellationRequested) arena.Volume.BalanceFrames(maintenance);
        });
        for (int round = 0; round < FreezeCount; round++)
        {
            Assert.True(arena.Volume.TryFreeze(Patience));
            Assert.True(arena.Volume.IsFrozen);
            RequireIdleJournals(arena.Volume);
            ulong first = HashOf(arena.Volume);
            for (int look = 0; look < LooksPerFreeze; look++)
            {
                Thread.Yield();
                Assert.Equal(first, HashOf(arena.Volume));
            }
            arena.Volume.Thaw();
            Assert.False(arena.Volume.IsFrozen);
            if (round % 10 == 0) Thread.Sleep(1);
        }
        stop.Cancel();
        foreach (Thread thread in threads) thread.Join();
        balance.Join();
    }

    [Fact]
    public void An_operation_that_does_not_end_in_time_undoes_the_freeze()
    {
        using var arena = new TestArena();
        var file = new DataFile(arena);
        Worker other = arena.Volume.AttachWorker();
        var segments = new IoVector[Tree.SegmentsMax(1)];
        Assert.Equal(Errno.OK, arena.Tree.Read(arena.Worker, file.Inode, 0, 1, segments, out _, out _));
        Assert.False(arena.Volume.TryFreeze(TimeSpan.FromMilliseconds(5)));
        Assert.False(arena.Volume.IsFrozen);
        Assert.Equal(Errno.OK, arena.Tree.GetAttributes(other, file.Inode, out _));
        arena.Tree.EndRead(arena.Worker);
        Assert.True(arena.Volume.TryFreeze(Patience));
        arena.Volume.Thaw();
    }

    [Fact]
    public void A_frozen_volume_is_not_frozen_a_second_time_and_thaws_once()
    {
        using var arena = new TestArena();
        Assert.True(arena.Volume.TryFreeze(Patience));
        Assert.False(arena.Volume.TryFreeze(Patience));
        Assert.True(arena.Volume.IsFrozen);
        arena.Volume.Thaw();
        arena.Volume.Thaw();
        Assert.False(arena.Volume.IsFrozen);
    }

    [Fact]
    public void Workers_that_come_and_operations_that_begin_wait_until_the_thaw()
    {
        using var arena = new TestArena();
        var file = new DataFile(arena);
        Assert.True(arena.Volume.TryFreeze(Patience));
        ulong before = HashOf(arena.Volume);
        Thread writer = Start(() => Assert.Equal(Errno.OK, file.Write(0, "late"u8)));
        Worker? attached = null;
        Thread comer = Start(() => attached = arena.Volume.AttachWorker());
        Assert.False(writer.Join(TimeSpan.FromMilliseconds(20)));
        Assert.False(comer.Join(TimeSpan.FromMilliseconds(20)));
        Assert.Equal(before, HashOf(arena.Volume));
        arena.Volume.Thaw();
        writer.Join();
        comer.Join();
        Assert.NotNull(attached);
        Assert.Equal("late"u8.ToArray(), file.Read(0, 4));
    }

    private static Thread Start(Action run)
    {
        var thread = new Thread(() => run());
        thread.Start();
        return thread;
    }

    /// <summary>Files made, grown, renamed, cut and removed, so that every kind of store happens.</summary>
    private static void Change(TestArena arena, int thread, CancellationTokenSource stop)
    {
        Volume volume = arena.Volume;
        Worker worker = volume.AttachWorker();
        var node = new NewNode { Mode = ModeBits.Regular | 0x1A4, UserId = 0, GroupId = 0 };
        byte[] data = new byte[60_000];
        data.AsSpan().Fill((byte)(thread + 1));
        for (int round = 0; !stop.IsCancellationRequested; round++)
        {
            FileName name = NameOf($"file-{thread}-{round % 20}");
            FileName other = NameOf($"other-{thread}-{round % 3}");
            if (volume.DefaultTree.Create(worker, volume.DefaultTree.Root, name, in node, default,
                out InodeAttributes made) != Errno.OK) continue;
            volume.DefaultTree.Write(worker, made.Inode, (ulong)(round % 7 * 4000), data);
            volume.DefaultTree.SetSize(worker, made.Inode, (ulong)(round % 5 * 1000));
            volume.DefaultTree.Rename(
                worker, new DirectoryName(volume.DefaultTree.Root, name), new DirectoryName(volume.DefaultTree.Root,
                    other),
                RenameMode.Replace, default);
            volume.DefaultTree.Forget(worker, made.Inode, 1);
        }
        volume.DetachWorker(worker);
    }

    private static FileName NameOf(string text)
    {
        Assert.Equal(Errno.OK, FileName.TryCreate(Encoding.ASCII.GetBytes(text), out FileName name));
        return name;
    }

    private static void RequireIdleJournals(Volume volume)
    {
        for (int slot = 0; slot < Layout.WorkerSlotCount; slot++)
        {
            ulong frame = volume.Space.WorkerTableEntry(slot);
            if (frame == 0) continue;
            var word = new JournalWord(volume.Space.Arena.At<ulong>(ArenaPointer.OfFrame((uint)frame)));
            Assert.Equal((0, 0), (word.UndoCount, word.FreeCount));
        }
    }

    /// <summary>Of all memory that is there.</summary>
    private static ulong HashOf(Volume volume)
    {
        var hash = new XxHash3();
        for (uint frame = 0; frame < volume.Space.Table.FrameCount; frame++)
        {
            if (volume.Space.Table.WordOf(frame).State is not (FrameState.Used or FrameState.Free)) continue;
            hash.Append(volume.Space.Arena.Bytes(ArenaPointer.OfFrame(frame), Layout.FrameSizeInBytes));
        }
        return hash.GetCurrentHashAsUInt64();
    }
}
