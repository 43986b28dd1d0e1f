using PersistFs.Engine.Format;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Volumes;

/// <summary>Where contents of each size lie, and that what they took comes back.</summary>
public sealed class DataShapeTests : IDisposable
{
    private readonly TestArena arena = new(128UL << 20);
    private readonly byte[] ones = new byte[3 << 20];

    public DataShapeTests() => ones.AsSpan().Fill(1);

    public void Dispose() => arena.Dispose();

    [Theory]
    [InlineData(1, ContentsKind.Packed, 0, 0, 1)]
    [InlineData(2048, ContentsKind.Packed, 0, 0, 1)]
    [InlineData(2049, ContentsKind.Mapped, 0, 0, 1)]
    [InlineData(4096, ContentsKind.Mapped, 0, 0, 1)]
    [InlineData(4097, ContentsKind.Mapped, 1, 3, 2)]
    [InlineData(32768, ContentsKind.Mapped, 1, 3, 8)]
    [InlineData(32769, ContentsKind.Mapped, 1, 6, 9)]
    [InlineData(262144, ContentsKind.Mapped, 1, 6, 64)]
    [InlineData(262145, ContentsKind.Mapped, 1, 9, 65)]
    [InlineData(1 << 20, ContentsKind.Mapped, 1, 9, 256)]
    [InlineData((2 << 20) + 1, ContentsKind.Mapped, 2, 9, 513)]
    public void Contents_take_the_smallest_shape_for_their_size(
        int size, object kind, int height, int rootLog2, int blocks)
    {
        var whole = new DataFile(arena);
        Assert.Equal(Errno.OK, whole.Write(0, ones.AsSpan(0, size)));
        var grown = new DataFile(arena);
        for (int offset = 0; offset < size;)
        {
            int length = Math.Min(size - offset, offset < 10_000 ? 700 : 70_000);
            Assert.Equal(Errno.OK, grown.Write((ulong)offset, ones.AsSpan(0, length)));
            offset += length;
        }
        foreach (DataFile file in new[] { whole, grown })
        {
            Assert.Equal((ContentsKind)kind, file.Word.Kind);
            Assert.Equal(height, file.Word.Height);
            Assert.Equal(rootLog2, file.Word.RootLog2);
            Assert.Equal((ulong)blocks, file.Record.BlockCount);
            Assert.True(file.Read(0, size + 1).AsSpan().SequenceEqual(ones.AsSpan(0, size)));
        }
    }

    [Fact]
    public void Appending_past_8_MiB_takes_data_frames_and_a_cut_gives_them_back()
    {
        DataFile.Stain(arena);
        var file = new DataFile(arena);
        Append(file, 13 << 20, 1 << 20);
        ulong frames = (file.Record.BlockCount - 2048) / 512;
        Assert.Equal(3UL, frames);
        Assert.Equal(2048UL + 3 * 512, file.Record.BlockCount);
        // Within the last frame nothing is freed; what was cut off does not come back.
        Assert.Equal(Errno.OK, file.SetSize((12 << 20) + 5));
        Assert.Equal(2048UL + 3 * 512, file.Record.BlockCount);
        Assert.Equal(Errno.OK, file.SetSize(14 << 20));
        Assert.Equal(-1, file.Read((12 << 20) + 5, 2 << 20).AsSpan().IndexOfAnyExcept((byte)0));
        Assert.Equal(Errno.OK, file.SetSize(12 << 20));
        Assert.Equal(2048UL + 2 * 512, file.Record.BlockCount);
        arena.RequireClean();
    }

    [Theory]
    [InlineData(100, 10, 60)]
    [InlineData(2000, 100, 1900)]
    [InlineData(2000, 100, 3000)]
    [InlineData(4096, 100, 4000)]
    [InlineData(4096, 100, 9000)]
    [InlineData(13 << 20, (12 << 20) + 5, (12 << 20) + 300_000)]
    [InlineData(13 << 20, (12 << 20) + 5, 15 << 20)]
    public void What_was_cut_off_is_zero_when_a_later_write_skips_it(int size, int cut, int offset)
    {
        foreach (bool grows in new[] { false, true })
        {
            var file = new DataFile(arena);
            Append(file, size, 1 << 20);
            Assert.Equal(Errno.OK, file.SetSize((ulong)cut));
            if (grows) Assert.Equal(Errno.OK, file.SetSize((ulong)offset));
            Assert.Equal(Errno.OK, file.Write((ulong)offset, ones.AsSpan(0, 1)));
            Assert.Equal(-1, file.Read((ulong)cut, offset - cut).AsSpan().IndexOfAnyExcept((byte)0));
            Assert.Equal([1, 1], [.. file.Read((ulong)cut - 1, 1), .. file.Read((ulong)offset, 2)]);
        }
    }

    [Theory]
    [InlineData(1000, 500)]
    [InlineData(2048, 0)]
    [InlineData(3000, 500)]
    [InlineData(100_000, 50_000)]
    public void A_file_that_was_given_a_size_reads_as_zero_around_its_first_byte(int size, int offset)
    {
        DataFile.Stain(arena);
        var file = new DataFile(arena);
        Assert.Equal(Errno.OK, file.SetSize((ulong)size));
        Assert.Equal(0UL, file.Record.BlockCount);
        Assert.Equal(-1, file.Read(0, size).AsSpan().IndexOfAnyExcept((byte)0));
        Assert.Equal(Errno.OK, file.Write((ulong)offset, ones.AsSpan(0, 1)));
        byte[] expected = new byte[size];
        expected[offset] = 1;
        Assert.Equal(expected, file.Read(0, size + 1));
    }

    [Fact]
    public void Random_writes_into_holes_take_blocks_however_large_the_file()
    {
        var file = new DataFile(arena);
        Assert.Equal(Errno.OK, file.SetSize(1UL << 40));
        Assert.Equal(Errno.OK, file.Write(1UL << 39, ones.AsSpan(0, 4096)));
        Assert.Equal(Errno.OK, file.Write((1UL << 39) - (5UL << 21), ones.AsSpan(0, 4096)));
        Assert.Equal(2UL, file.Record.BlockCount);
    }

    [Fact]
    public void An_aligned_allocation_takes_frames_and_reads_as_zero()
    {
        DataFile.Stain(arena);
        var file = new DataFile(arena);
        Assert.Equal(Errno.OK, file.Allocate(0, 6 << 20));
        Assert.Equal(6UL << 20, file.Record.Size);
        Assert.Equal(1536UL, file.Record.BlockCount);
        Assert.Equal(-1, file.Read(0, 6 << 20).AsSpan().IndexOfAnyExcept((byte)0));
        // Memory that lies in a row is handed out as one piece for each frame.
        var segments = new IoVector[Tree.SegmentsMax(2 << 20)];
        Errno error = arena.Tree.Read(arena.Worker, file.Inode, 0, 2 << 20, segments, out int count, out _);
        Assert.Equal(Errno.OK, error);
        arena.Tree.EndRead(arena.Worker);
        Assert.Equal(1, count);
    }

    [Fact]
    public void A_file_of_one_frame_needs_no_node()
    {
        var file = new DataFile(arena);
        Assert.Equal(Errno.OK, file.Allocate(0, 2 << 20));
        Assert.Equal(1, file.Word.Height);
        Assert.True(new MapEntry(file.Record.Contents).IsFrame);
        Assert.Equal(Errno.OK, file.Write(2 << 20, ones.AsSpan(0, 100)));
        Assert.Equal(2, file.Word.Height);
        Assert.Equal(Errno.OK, file.SetSize(2 << 20));
        Assert.Equal(1, file.Word.Height);
        Assert.True(new MapEntry(file.Record.Contents).IsFrame);
    }

    [Fact]
    public void Everything_a_file_took_comes_back_when_it_is_removed()
    {
        long used = DataFile.UsedBlocks(arena);
        var files = new List<DataFile>();
        foreach (int size in new[] { 0, 1, 100, 2048, 2049, 30_000, 300_000, 3_000_000, 12_000_000 })
        {
            files.Add(new DataFile(arena));
            Append(files[^1], size, 1 << 20);
            Assert.Equal(Errno.OK, files[^1].Allocate((ulong)size * 2, 5_000_000, FallocateMode.KeepSize));
            Assert.Equal(Errno.OK, files[^1].Write(1UL << 45, ones.AsSpan(0, 5000)));
        }
        foreach (DataFile file in files) file.Remove();
        Assert.Equal(used, DataFile.UsedBlocks(arena));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(2048)]
    [InlineData(2049)]
    [InlineData(4095)]
    public void A_symbolic_link_keeps_its_target_and_gives_its_memory_back(int length)
    {
        long used = DataFile.UsedBlocks(arena);
        var target = new byte[length];
        new Random(length).NextBytes(target);
        var link = new DataFile(arena, ModeBits.SymbolicLink | 0x1FF, target);
        var read = new byte[4096];
        Assert.Equal(Errno.OK, arena.Tree.ReadLink(arena.Worker, link.Inode, read, out int count));
        Assert.True(target.AsSpan().SequenceEqual(read.AsSpan(0, count)));
        Assert.Equal(Errno.EINVAL, link.Write(0, target));
        arena.RequireClean();
        link.Remove();
        Assert.Equal(used, DataFile.UsedBlocks(arena));
    }

    private void Append(DataFile file, int size, int step)
    {
        for (int offset = 0; offset < size; offset += step)
            Assert.Equal(Errno.OK, file.Write((ulong)offset, ones.AsSpan(0, Math.Min(step, size - offset))));
    }
}
