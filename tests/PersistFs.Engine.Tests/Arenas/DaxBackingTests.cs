using PersistFs.Engine.Arenas;
using PersistFs.Engine.Check;
using PersistFs.Engine.Dump;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Testing.Model;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Arenas;

/// <summary>
/// An arena in memory that was never zeroed and is never given back. A file stands in for the device, which tests under
/// another kernel have.
/// </summary>
public sealed class DaxBackingTests : IDisposable
{
    private const ulong FrameSize = Layout.FrameSizeInBytes;
    private const ulong Size = 16 * FrameSize;

    private readonly string path = Path.Combine("/dev/shm", $"persistfs-dax-{Guid.NewGuid():n}");

    public DaxBackingTests()
    {
        using FileStream file = File.Create(path);
        file.SetLength((long)Size);
    }

    private DaxDevice Device => new(path, "dax0.0", DaxState.Ready, Size, 2 << 20);

    public void Dispose() => File.Delete(path);

    [Fact]
    public void An_arena_in_memory_full_of_noise_behaves_as_the_model_does()
    {
        const string Place = "/place";
        FillWithNoise();
        Format(force: true);
        var random = new SeededRandom(11);
        using (Volume volume = Open())
        {
            var user = new VolumeUser(volume, volume.AttachWorker());
            volume.DefaultTree.BeginSession();
            Assert.Equal(Errno.OK, user.CreateDirectory(Place));
            var driver = new ModelDriver(user, Place, random);
            for (int step = 0; step < 2000; step++) driver.Next()();
            RequireClean(volume);
            Assert.Null(TreeText.FindDifference(
                TreeText.Of(driver.Model.Root), TreeText.Of(TreeReader.Read(volume), Place)));
        }
        using Volume again = Open();
        Assert.Equal((2UL, 0), (again.GetStatistics().TimesOpened, again.LastRecovery.RolledBack));
        RequireClean(again);
    }

    [Fact]
    public void Room_that_is_allocated_ahead_in_memory_full_of_noise_is_zero()
    {
        FillWithNoise();
        Format(force: true);
        using Volume volume = Open();
        var user = new VolumeUser(volume, volume.AttachWorker());
        volume.DefaultTree.BeginSession();
        Assert.Equal(Errno.OK, user.CreateFile("/file"));
        Assert.Equal(Errno.OK, user.Allocate("/file", 0, 5 * FrameSize + 12345, FallocateMode.Allocate));
        RequireClean(volume);
        FileImage file = TreeReader.Read(volume).Files["/file"];
        Assert.Equal(5 * FrameSize + 12345, file.Record.Size);
        // Blocks in which a byte is not zero.
        Assert.Empty(file.Blocks);
    }

    [Fact]
    public void All_frames_are_present_and_none_is_given_back()
    {
        Format(force: false);
        using Volume volume = Open();
        Assert.Equal(Size, volume.GetStatistics().BytesPresent);
        Assert.Equal(Size, volume.GetStatistics().SizeMax);
        Assert.Equal("DAX memory", volume.GetStatistics().BackingKind.Word);
        volume.BalanceFrames(volume.AttachWorker());
        Assert.Equal(Size, volume.GetStatistics().BytesPresent);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1000, false)]
    [InlineData(Layout.FrameSizeInBytes - 1, false)]
    [InlineData(3 * Layout.FrameSizeInBytes + 4095, false)]
    [InlineData(3 * Layout.FrameSizeInBytes + 4096, true)]
    public void A_byte_that_is_not_zero_is_seen_in_the_first_frame_and_at_the_start_of_others(
        long position, bool isTakenForEmpty)
    {
        Patch(position, [1]);
        using (DaxBacking whole = DaxBacking.OpenWhole(Device)) Assert.Equal(isTakenForEmpty, whole.IsKnownEmpty());
    }

    [Fact]
    public void A_format_that_was_cut_short_may_be_begun_again()
    {
        FillWithNoise();
        Patch(0, BitConverter.GetBytes(Layout.UnfinishedMagic));
        using (DaxBacking whole = DaxBacking.OpenWhole(Device)) Assert.True(whole.IsKnownEmpty());
        Refused(ArenaFault.NotAnArena, () => Open().Dispose());
        // The first store of a format leaves the copy of the superblock, and with it the arena.
        Format(force: false);
        Patch(0, BitConverter.GetBytes(Layout.UnfinishedMagic));
        using (DaxBacking whole = DaxBacking.OpenWhole(Device)) Assert.False(whole.IsKnownEmpty());
        Open().Dispose();
    }

    [Fact]
    public void Who_has_the_arena_is_named_to_others_and_looks_stay_possible()
    {
        Format(force: false);
        using (Volume volume = Open())
        {
            ArenaException exception = Refused(ArenaFault.InUse, () => DaxBacking.Open(Device).Dispose());
            Assert.Contains($"process {Environment.ProcessId}", exception.Message, StringComparison.Ordinal);
            Refused(ArenaFault.InUse, () => Format(force: true));
            using ArenaReader image = DaxBacking.OpenReader(Device);
            Assert.Equal($"process {Environment.ProcessId}", image.Owner);
            using var text = new StringWriter();
            VolumeDump.Write(image, new DumpOptions(), text);
            Assert.Contains("fixed: 16 frames", text.ToString(), StringComparison.Ordinal);
        }
        using ArenaReader after = DaxBacking.OpenReader(Device);
        Assert.Null(after.Owner);
    }

    [Fact]
    public void A_device_smaller_than_its_arena_is_refused_and_a_larger_one_is_not()
    {
        Format(force: false, 12 * FrameSize);
        DaxDevice smaller = Device with { SizeInBytes = 11 * FrameSize };
        ArenaException exception = Refused(ArenaFault.WrongSize, () => DaxBacking.Open(in smaller).Dispose());
        Assert.Contains("memmap=", exception.NextStep, StringComparison.Ordinal);
        using Volume volume = Open();
        Assert.Equal(12 * FrameSize, volume.GetStatistics().SizeMax);
    }

    [Fact]
    public void A_size_larger_than_the_device_is_refused() =>
        Refused(ArenaFault.NoSpace, () => Format(force: false, Size + 1));

    [Theory]
    [InlineData(DaxState.Ready, 64UL << 20, 1UL << 30, ArenaFault.InvalidArgument, "--align 2M")]
    [InlineData(DaxState.Ready, 64UL << 20, 0UL, ArenaFault.InvalidArgument, "--align 2M")]
    [InlineData(DaxState.Ready, 8UL << 20, 2UL << 20, ArenaFault.NoSpace, "larger")]
    [InlineData(DaxState.SystemMemory, 0UL, 0UL, ArenaFault.InUse, "reconfigure-device")]
    [InlineData(DaxState.Unbound, 0UL, 0UL, ArenaFault.NotFound, "new_id")]
    [InlineData(DaxState.Missing, 0UL, 0UL, ArenaFault.NotFound, "memmap=")]
    [InlineData(DaxState.BlockDevice, 0UL, 0UL, ArenaFault.NotFound, "-m devdax")]
    [InlineData(DaxState.OtherDevice, 0UL, 0UL, ArenaFault.NotFound, "/dev/dax0.0")]
    internal void What_cannot_hold_an_arena_is_refused(
        DaxState state, ulong size, ulong alignment, ArenaFault fault, string step)
    {
        DaxDevice device = Device with { State = state, SizeInBytes = size, AlignmentInBytes = alignment };
        Assert.Contains(
            step, Refused(fault, () => DaxBacking.Open(in device).Dispose()).NextStep, StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_part_of_the_frame_table_is_zeroed_where_memory_is_not()
    {
        const uint LastInFrame0 = 8191;
        const uint Count = LastInFrame0 + 9;
        using var backing = new StaleBacking(Count * FrameSize);
        Assert.Equal(Errno.OK, backing.Reserve(0, 2 * FrameSize));
        Assert.Equal(Errno.OK, backing.Map(isPrivate: false, out nint address));
        var arena = new Arena(address, backing.Length);
        arena.TargetBytes(new ArenaPointer(FrameSize), (int)FrameSize).Fill(0xA5);
        var table = new FrameTable(arena, Count, capacity: 16384);
        for (uint frame = 2; frame <= LastInFrame0; frame++)
            table.SetWord(frame, new FrameWord(FrameState.Used, FrameType.Data));
        var supply = new FrameSupply(arena, backing, table);
        supply.NoteAbsent(Count - LastInFrame0 - 1);
        Assert.Equal(Errno.OK, supply.TryGrow());
        Assert.Equal(FrameState.Free, table.WordOf(LastInFrame0 + 1).State);
        Assert.Equal(FrameState.Absent, table.WordOf(LastInFrame0 + 2).State);
        int descriptor = FrameDescriptor.SizeInBytes;
        ReadOnlySpan<byte> rest = arena.Bytes(
            new ArenaPointer(FrameSize + (ulong)descriptor), (int)FrameSize - descriptor);
        Assert.False(rest.ContainsAnyExcept((byte)0));
    }

    private Volume Open() => VolumeOpener.Open(DaxBacking.Open(Device), new VolumeOptions());

    private void Format(bool force, ulong size = Size)
    {
        using DaxBacking whole = DaxBacking.OpenWhole(Device);
        VolumeFormatter.Format(whole, new FormatOptions { SizeMax = size, Force = force });
    }

    private void FillWithNoise()
    {
        byte[] noise = new byte[FrameSize];
        new Random(5).NextBytes(noise);
        for (ulong offset = 0; offset < Size; offset += FrameSize) Patch((long)offset, noise);
    }

    private void Patch(long position, byte[] bytes)
    {
        using FileStream file = File.OpenWrite(path);
        file.Position = position;
        file.Write(bytes);
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
}
