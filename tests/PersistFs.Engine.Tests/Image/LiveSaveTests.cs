using System.Buffers.Binary;
using PersistFs.Engine.Format;
using PersistFs.Engine.Image;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Image;

/// <summary>Images taken while threads change the tree: each is the tree of one moment.</summary>
public sealed class LiveSaveTests
{
    private const int ThreadCount = 3;
    private const int BulkLength = 600_000;

    private static int Saves => Seed.IsLongRun ? 200 : 12;

    [Fact]
    public void Every_image_is_the_tree_between_two_operations_of_each_thread()
    {
        using var scene = new ImageScene(96UL << 20);
        scene.Fill();
        using var stop = new CancellationTokenSource();
        IEnumerable<int> numbers = Enumerable.Range(0, ThreadCount);
        Thread[] threads = [.. numbers.Select(number => Start(() => Change(scene, number, stop)))];
        Worker maintenance = scene.Arena.Volume.AttachWorker();
        Thread balance = Start(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                scene.Arena.Volume.BalanceFrames(maintenance);
                Thread.Sleep(1);
            }
        });
        try
        {
            for (int save = 0; save < Saves; save++)
            {
                ImageReport report = scene.SaveLive();
                Assert.True(report.LongestPause > TimeSpan.Zero);
                VolumeImage.Restore(scene.Image, scene.Restored, force: true);
                RequireMoment(scene.ReadRestored());
            }
        }
        finally
        {
            stop.Cancel();
            foreach (Thread thread in threads) thread.Join();
            balance.Join();
        }
    }

    [Fact]
    public void The_brake_holds_operations_off_for_a_part_of_the_time_and_lets_them_go()
    {
        using var scene = new ImageScene();
        InodeNumber file = scene.Create("file");
        using (var brake = new WriteThrottle(scene.Arena.Volume))
        {
            for (int step = 0; step < 4; step++)
            {
                brake.Tighten();
                for (int write = 0; write < 20; write++) scene.Write(file, 0, "contents"u8);
            }
            brake.Loosen();
            Assert.True(brake.LongestPause > TimeSpan.Zero);
            Assert.False(scene.Arena.Volume.IsFrozen);
            brake.Tighten();
        }
        Assert.False(scene.Arena.Volume.IsFrozen);
        scene.Write(file, 0, "more"u8);
    }

    private static Thread Start(Action run)
    {
        var thread = new Thread(() => run());
        thread.Start();
        return thread;
    }

    /// <summary>A name that is one of two, a number written to two files in turn, a file of equal bytes.</summary>
    private static void Change(ImageScene scene, int thread, CancellationTokenSource stop)
    {
        Volume volume = scene.Arena.Volume;
        Worker worker = volume.AttachWorker();
        InodeNumber named = Create(volume, worker, $"left{thread}");
        InodeNumber first = Create(volume, worker, $"first{thread}");
        InodeNumber second = Create(volume, worker, $"second{thread}");
        InodeNumber bulk = Create(volume, worker, $"bulk{thread}");
        byte[] number = new byte[sizeof(ulong)];
        byte[] bytes = new byte[BulkLength];
        for (ulong round = 1; !stop.IsCancellationRequested; round++)
        {
            FileName from = ImageScene.NameOf((round & 1) != 0 ? $"left{thread}" : $"right{thread}");
            FileName to = ImageScene.NameOf((round & 1) != 0 ? $"right{thread}" : $"left{thread}");
            BinaryPrimitives.WriteUInt64LittleEndian(number, round);
            bytes.AsSpan().Fill((byte)(round | 1));
            Errno error = volume.DefaultTree.Rename(
                worker, new DirectoryName(volume.DefaultTree.Root, from), new DirectoryName(volume.DefaultTree.Root,
                    to), RenameMode.Replace,
                default);
            if (error == Errno.OK) error = volume.DefaultTree.Write(worker, first, 0, number);
            if (error == Errno.OK) error = volume.DefaultTree.Write(worker, second, 0, number);
            if (error == Errno.OK) error = volume.DefaultTree.Write(worker, bulk, 0, bytes);
            if (error == Errno.OK && round % 16 == 0) error = volume.DefaultTree.SetSize(worker, bulk, 0);
            if (error != Errno.OK) throw new InvalidOperationException($"A change failed: {error}.");
        }
        volume.DetachWorker(worker);
    }

    private static InodeNumber Create(Volume volume, Worker worker, string name)
    {
        var node = new NewNode { Mode = ModeBits.Regular | 0x1A4, UserId = 0, GroupId = 0 };
        Assert.Equal(
            Errno.OK,
            volume.DefaultTree.Create(worker, volume.DefaultTree.Root, ImageScene.NameOf(name), in node, default,
                out InodeAttributes made));
        return made.Inode;
    }

    private static void RequireMoment(TreeImage tree)
    {
        for (int thread = 0; thread < ThreadCount; thread++)
        {
            bool hasLeft = tree.Files.ContainsKey($"/left{thread}");
            bool hasRight = tree.Files.ContainsKey($"/right{thread}");
            // A thread may not have come to make its files.
            if (!hasLeft && !hasRight) continue;
            Assert.True(hasLeft ^ hasRight);
            ulong first = NumberIn(tree, $"/first{thread}");
            ulong second = NumberIn(tree, $"/second{thread}");
            Assert.True(first == second || first == second + 1, $"{first} was written before {second}");
            if (!tree.Files.TryGetValue($"/bulk{thread}", out FileImage? bulk)) continue;
            byte[] all = [.. bulk.Blocks.Values.SelectMany(block => block)];
            if (bulk.Record.Size == 0) continue;
            Assert.Equal((ulong)BulkLength, bulk.Record.Size);
            Assert.Single(all.Take(BulkLength).Distinct());
        }
    }

    private static ulong NumberIn(TreeImage tree, string path)
    {
        if (!tree.Files.TryGetValue(path, out FileImage? file)) return 0;
        return file.Blocks.TryGetValue(0, out byte[]? block) ? BinaryPrimitives.ReadUInt64LittleEndian(block) : 0;
    }
}
