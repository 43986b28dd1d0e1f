using Microsoft.Win32.SafeHandles;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Check;
using PersistFs.Engine.Dump;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Testing.Model;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Arenas;

/// <summary>Arenas that are a row of segments, which come and go while a volume is open.</summary>
public sealed class SegmentTests : IDisposable
{
    private const string Name = "test";
    private const ulong Size = 256UL << 20;
    private const ulong SegmentSize = Layout.SegmentFrameCountMin * Layout.FrameSizeInBytes;

    private SegmentKeeping keeping = new();

    public void Dispose() => keeping.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_arena_grows_by_segments_and_shrinks_by_empty_ones(bool isPinned)
    {
        keeping = new SegmentKeeping(isPinned);
        Format();
        using Volume volume = Open();
        Worker worker = volume.AttachWorker();
        volume.DefaultTree.BeginSession();
        var user = new VolumeUser(volume, worker);
        Assert.Equal(1, volume.SegmentCount);
        Fill(user, "/large", 80 << 20);
        Assert.InRange(volume.SegmentCount, 6, 8);
        Assert.Equal(volume.SegmentCount, keeping.Kept.Count);
        RequireClean(volume);
        Assert.Equal(Errno.OK, user.Unlink("/large"));
        _ = volume.ReapOrphans(worker, CancellationToken.None);
        for (int round = 0; round < 8; round++) volume.BalanceFrames(worker);
        Assert.InRange(volume.SegmentCount, 1, 2);
        Assert.Equal(volume.SegmentCount, keeping.Kept.Count);
        RequireClean(volume);
        Fill(user, "/again", 40 << 20);
        RequireClean(volume);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_volume_in_segments_behaves_as_the_model_does_over_openings(bool isPinned)
    {
        const string Place = "/place";
        keeping = new SegmentKeeping(isPinned);
        Format();
        var random = new SeededRandom(21);
        for (int opening = 0; opening < 3; opening++)
        {
            using Volume volume = Open();
            Worker worker = volume.AttachWorker();
            volume.DefaultTree.BeginSession();
            var user = new VolumeUser(volume, worker);
            string place = $"{Place}{opening}";
            Assert.Equal(Errno.OK, user.CreateDirectory(place));
            var driver = new ModelDriver(user, place, random);
            for (int step = 0; step < 1000; step++)
            {
                driver.Next()();
                if (step % 100 == 0) volume.BalanceFrames(worker);
            }
            RequireClean(volume);
            Assert.Null(TreeText.FindDifference(
                TreeText.Of(driver.Model.Root), TreeText.Of(TreeReader.Read(volume), place)));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_kill_at_any_store_while_segments_come_and_go_leaves_the_tree_and_no_segment_too_few(bool isPinned)
    {
        keeping = new SegmentKeeping(isPinned);
        Format();
        using Volume volume = Open();
        Worker worker = volume.AttachWorker();
        volume.DefaultTree.BeginSession();
        var user = new VolumeUser(volume, worker);
        Fill(user, "/small", 100_000);
        Assert.Equal(Errno.OK, user.CreateFile("/large"));
        var observer = new CopyingObserver(keeping, RequireWhole);
        CrashPoint.Observer = observer;
        try
        {
            // The next frame needs a segment.
            while (volume.SegmentCount == 1) Assert.Equal(Errno.OK, volume.Space.Allocator.Supply.TryGrow());
            while (volume.Space.Allocator.Supply.FreeFrames < 12)
                Assert.Equal(Errno.OK, volume.Space.Allocator.Supply.TryGrow());
            int kills = observer.Kills;
            Assert.True(kills > 4, $"{kills} kills while the arena grew");
            Assert.Equal(2, volume.SegmentCount);
            volume.BalanceFrames(worker);
            Assert.Equal(1, volume.SegmentCount);
            Assert.True(observer.Kills > kills + 4, $"{observer.Kills - kills} kills while it shrank");
        }
        finally
        {
            CrashPoint.Observer = null;
        }
        RequireClean(volume);
    }

    [Fact]
    public void A_segment_that_the_arena_does_not_count_is_dropped_and_one_that_is_missing_is_told()
    {
        FormatAndFill(20 << 20);
        int count = keeping.Kept.Count;
        Assert.Equal(Errno.OK, keeping.TryMake(count, SegmentSize, out SafeFileHandle? stray));
        stray!.Dispose();
        using (Volume volume = Open()) Assert.Equal(count, volume.SegmentCount);
        Assert.Equal(count, keeping.Kept.Count);
        keeping.Drop(count - 1);
        ArenaException exception = Refused(ArenaFault.WrongSize, () => Open().Dispose());
        Assert.Contains($"segment {count - 1} is missing", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_waited_for_the_arena_has_the_segments_that_there_are_then()
    {
        FormatAndFill(40 << 20);
        // As they were when it began to wait: one has been dropped and made again since, the last ones are new.
        using var dropped = new SegmentKeeping();
        for (int index = 0; index < 2; index++)
        {
            Assert.Equal(Errno.OK, dropped.TryMake(index, SegmentSize, out SafeFileHandle? old));
            old!.Dispose();
        }
        Assert.True(keeping.Kept.Count > 2, $"{keeping.Kept.Count} segments");
        ArenaSource source = new($"memfd:{Name}", Name, [keeping.Kept[0], dropped.Kept[1]], keeping);
        using Volume successor = Volume.Open(source, new VolumeOptions { LockWait = Timeout.InfiniteTimeSpan });
        Assert.Equal(keeping.Kept.Count, successor.SegmentCount);
        RequireClean(successor);
        Assert.Equal((40 << 20) / Layout.BlockSizeInBytes, TreeReader.Read(successor).Files["/large"].Blocks.Count);
    }

    [Fact]
    public void What_belongs_to_something_else_is_refused()
    {
        Format();
        Refused(ArenaFault.NotFound, () => Open("other").Dispose());
        Assert.Equal(Errno.OK, keeping.TryMake(1, 4096, out SafeFileHandle? other));
        other!.Dispose();
        Refused(ArenaFault.WrongSize, () => Open().Dispose());
        using var strange = new SegmentKeeping();
        Assert.Equal(Errno.OK, strange.TryMake(0, SegmentSize, out other));
        other!.Dispose();
        Refused(ArenaFault.NotAnArena, () => Open(Name, strange).Dispose());
        Assert.Null(SegmentHeader.Read(strange.Kept[0]));
    }

    [Fact]
    public void Frames_past_the_last_segment_make_an_arena_damaged()
    {
        Format();
        using (Volume volume = Open())
            volume.Space.Table.SetWord(20, new FrameWord(FrameState.Used, FrameType.Data));
        Refused(ArenaFault.Corrupt, () => Open().Dispose());
    }

    [Fact]
    public void The_lock_belongs_to_the_volume_and_not_to_what_is_kept()
    {
        Format();
        using (Volume volume = Open())
        {
            Refused(ArenaFault.InUse, () => Open().Dispose());
            using ArenaReader image = ArenaReader.Open(Source(Name, keeping));
            Assert.Equal($"process {Environment.ProcessId}", image.Owner);
        }
        Open().Dispose();
    }

    [Fact]
    public void Where_no_more_segments_can_be_had_the_caller_gets_ENOSPC_and_nothing_is_lost()
    {
        Format();
        using Volume volume = Open();
        volume.DefaultTree.BeginSession();
        var user = new VolumeUser(volume, volume.AttachWorker());
        Fill(user, "/small", 100_000);
        keeping.Left = 1;
        Assert.Equal(Errno.OK, user.CreateFile("/large"));
        byte[] data = new byte[1 << 20];
        Errno error = Errno.OK;
        for (ulong offset = 0; error == Errno.OK; offset += (ulong)data.Length)
            error = user.Write("/large", offset, data);
        Assert.Equal(Errno.ENOSPC, error);
        Assert.Equal(2, volume.SegmentCount);
        RequireClean(volume);
        keeping.Left = int.MaxValue;
        Assert.Equal(Errno.OK, user.Unlink("/large"));
        Fill(user, "/again", 40 << 20);
    }

    [Fact]
    public void A_check_that_has_only_the_files_finds_nothing_and_a_dump_tells_of_the_segments()
    {
        FormatAndFill(20 << 20);
        ArenaSource source = new($"memfd:{Name}", Name, keeping.Kept);
        Assert.True(VolumeChecker.Check(source, new VolumeOptions()).IsClean);
        Assert.True(VolumeRepairer.Repair(source, new VolumeOptions(), Assert.Fail).IsClean);
        using var text = new StringWriter();
        VolumeDump.Write(source, new DumpOptions(), text);
        Assert.Contains("segments of 8 frames each", text.ToString(), StringComparison.Ordinal);
        Assert.Equal("memfd", ArenaSummary.Read(source).BackingKind.Word);
    }

    /// <summary>An arena with one large file, which nobody serves any more.</summary>
    private void FormatAndFill(int length)
    {
        Format();
        using Volume volume = Open();
        volume.DefaultTree.BeginSession();
        Fill(new VolumeUser(volume, volume.AttachWorker()), "/large", length);
    }

    private void Format() => VolumeFormatter.Format(
        $"memfd:{Name}", Name, keeping, new FormatOptions { SizeMax = Size });

    private Volume Open(string name = Name, SegmentKeeping? from = null) =>
        Volume.Open(Source(name, from ?? keeping), new VolumeOptions());

    private static ArenaSource Source(string name, SegmentKeeping from) => new($"memfd:{name}", name, from.Kept, from);

    private void RequireWhole(SegmentKeeping copy)
    {
        using Volume volume = Open(Name, copy);
        RequireClean(volume);
        FileImage small = TreeReader.Read(volume).Files["/small"];
        Assert.Equal(100_000UL, small.Record.Size);
        Assert.Equal(25, small.Blocks.Count);
        // All that is said to be zero is, and what there is can be filled.
        Fill(new VolumeUser(volume, volume.AttachWorker()), "/more", 10 << 20);
        RequireClean(volume);
    }

    private static void Fill(VolumeUser user, string path, int length)
    {
        byte[] data = new byte[Math.Min(length, 1 << 20)];
        Array.Fill(data, (byte)0x5A);
        Assert.Equal(Errno.OK, user.CreateFile(path));
        for (int offset = 0; offset < length; offset += data.Length)
        {
            int count = Math.Min(data.Length, length - offset);
            Assert.Equal(Errno.OK, user.Write(path, (ulong)offset, data.AsSpan(0, count)));
        }
    }

    private static void RequireClean(Volume volume)
    {
        CheckReport report = VolumeChecker.Check(volume);
        Assert.True(report.IsClean, string.Join('\n', report.Findings));
    }

    private static ArenaException Refused(ArenaFault fault, Action act)
    {
        ArenaException exception = Assert.Throws<ArenaException>(act);
        Assert.Equal(fault, exception.Fault);
        return exception;
    }

    /// <summary>At each store looks at what a process would leave that died there.</summary>
    private sealed class CopyingObserver(SegmentKeeping keeping, Action<SegmentKeeping> look) : CrashObserver
    {
        private bool isLooking;

        public int Kills { get; private set; }

        public override void AfterStore()
        {
            if (isLooking) return;
            isLooking = true;
            using (SegmentKeeping copy = keeping.Copy()) look(copy);
            Kills++;
            isLooking = false;
        }

        public override void BeforeBulk(ReadOnlySpan<byte> target, ReadOnlySpan<byte> source)
        {
        }
    }
}
