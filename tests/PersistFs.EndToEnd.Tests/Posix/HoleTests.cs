namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>Holes: lseek, fallocate and copy_file_range.</summary>
[Collection(PosixCollection.Name)]
public sealed class HoleTests(MountedTree tree) : TreeTest(tree)
{
    private const int Block = 4096;

    [RootFact]
    public void Seek_finds_data_and_holes()
    {
        const long Far = 8 << 20, Size = 16 << 20;
        using Descriptor file = Descriptor.Create(At("file"));
        byte[] data = Ones(64 * 1024);
        file.WriteAt(0, data);
        file.WriteAt(Far, data);
        Succeeds(Syscall.ftruncate(file.Number, Size));
        Succeeds(Syscall.fsync(file.Number));
        Assert.Equal(0, Succeeds(Kernel.Seek(file.Number, 0, Kernel.SeekData)));
        Assert.Equal(Far, Succeeds(Kernel.Seek(file.Number, Far, Kernel.SeekData)));
        Fails(Errno.ENXIO, Kernel.Seek(file.Number, Size, Kernel.SeekHole));
        Fails(Errno.ENXIO, Kernel.Seek(file.Number, Size + 1, Kernel.SeekData));
        // The server does not know what the kernel has gathered: then all is data, which lseek(2) allows.
        if (Tree.GathersWrites)
        {
            Assert.Equal(Size, Succeeds(Kernel.Seek(file.Number, 0, Kernel.SeekHole)));
            return;
        }

        Assert.Equal(data.Length, Succeeds(Kernel.Seek(file.Number, 0, Kernel.SeekHole)));
        Assert.Equal(Far, Succeeds(Kernel.Seek(file.Number, data.Length, Kernel.SeekData)));
        Assert.Equal(Far / 8, Succeeds(Kernel.Seek(file.Number, Far / 8, Kernel.SeekHole)));
        Assert.Equal(Far + data.Length, Succeeds(Kernel.Seek(file.Number, Far, Kernel.SeekHole)));
        Fails(Errno.ENXIO, Kernel.Seek(file.Number, Far + data.Length, Kernel.SeekData));
    }

    [RootFact]
    public void What_was_just_written_is_no_hole()
    {
        using Descriptor file = Descriptor.Create(At("file"));
        Succeeds(Syscall.ftruncate(file.Number, 1 << 20));
        file.WriteAt(100 * Block, Ones(Block));
        file.WriteAt(1 << 20, Ones(Block));
        Assert.InRange(Succeeds(Kernel.Seek(file.Number, 0, Kernel.SeekData)), 0, 100 * Block);
        Assert.Equal(100 * Block, Succeeds(Kernel.Seek(file.Number, 100 * Block, Kernel.SeekData)));
        Assert.Equal((1 << 20) + Block, Succeeds(Kernel.Seek(file.Number, 1 << 20, Kernel.SeekHole)));
    }

    [RootFact]
    public void A_file_that_is_full_has_its_only_hole_at_its_end()
    {
        using Descriptor file = Descriptor.Create(At("file"));
        file.Write(Ones(5_000));
        Succeeds(Syscall.fsync(file.Number));
        Assert.Equal(5_000, Succeeds(Kernel.Seek(file.Number, 10, Kernel.SeekHole)));
        Assert.Equal(4_999, Succeeds(Kernel.Seek(file.Number, 4_999, Kernel.SeekData)));
    }

    [RootFact]
    public void Fallocate_extends_the_file_and_keeps_what_is_there()
    {
        using Descriptor file = Descriptor.Create(At("file"));
        file.Write("abc"u8);
        Succeeds(Kernel.Allocate(file.Number, 0, 0, 3 << 20));
        Assert.Equal(3 << 20, file.Size);
        Assert.True(file.Status.st_blocks >= 6 << 10);
        Assert.Equal("abc\0"u8, file.ReadAt(0, 4));
        Assert.Equal(new byte[Block], file.ReadAt(2 << 20, Block));
    }

    [RootFact]
    public void Fallocate_with_KEEP_SIZE_takes_room_past_the_end()
    {
        using Descriptor file = Descriptor.Create(At("file"));
        file.Write("abc"u8);
        Succeeds(Kernel.Allocate(file.Number, Kernel.KeepSize, 0, 1 << 20));
        Assert.Equal(3, file.Size);
        Assert.True(file.Status.st_blocks >= 2 << 10);
        Succeeds(Syscall.ftruncate(file.Number, Block));
        Assert.Equal(new byte[Block - 3], file.ReadAt(3, Block));
    }

    [RootTheory]
    [InlineData(0, 4 * Block)]
    [InlineData(2 * Block, Block)]
    [InlineData(100, 50)]
    [InlineData(Block - 1, 2)]
    [InlineData(100, 3 * Block)]
    [InlineData(14 * Block, 10 * Block)]
    public void Punching_a_hole_zeroes_the_range_and_nothing_else(long offset, long length)
    {
        using Descriptor file = Descriptor.Create(At("file"));
        byte[] expected = Ones(16 * Block);
        file.Write(expected);
        Succeeds(Kernel.Allocate(file.Number, Kernel.PunchHole, offset, length));
        for (long at = offset; at < Math.Min(offset + length, expected.Length); at++) expected[at] = 0;
        Assert.Equal(expected, file.ReadAt(0, 20 * Block));
        Succeeds(Syscall.fsync(file.Number));
        Succeeds(Syscall.posix_fadvise(file.Number, 0, 0, PosixFadviseAdvice.POSIX_FADV_DONTNEED));
        Assert.Equal(expected, file.ReadAt(0, 20 * Block));
    }

    [RootFact]
    public void A_punched_file_gives_its_blocks_back()
    {
        using (Descriptor made = Descriptor.Create(At("file"))) made.Write(Ones(8 << 20));
        using Descriptor file = Descriptor.Open(At("file"), OpenFlags.O_RDWR);
        long full = file.Status.st_blocks;
        Succeeds(Kernel.Allocate(file.Number, Kernel.PunchHole, 0, 6 << 20));
        Assert.InRange(file.Status.st_blocks, 4 << 10, full - (11 << 10));
        Assert.Equal(8 << 20, file.Size);
    }

    [RootFact(ProductOnly = true)]
    public void Zeroing_a_range_reads_as_zeros_and_may_extend()
    {
        using Descriptor file = Descriptor.Create(At("file"));
        byte[] expected = Ones(8 * Block);
        file.Write(expected);
        Succeeds(Kernel.Allocate(file.Number, Kernel.ZeroRange, 100, 2 * Block));
        Array.Clear(expected, 100, 2 * Block);
        Assert.Equal(expected, file.ReadAt(0, 9 * Block));
        Succeeds(Kernel.Allocate(file.Number, Kernel.ZeroRange | Kernel.KeepSize, 7 * Block, 4 * Block));
        Array.Clear(expected, 7 * Block, Block);
        Assert.Equal(expected, file.ReadAt(0, 20 * Block));
        Succeeds(Kernel.Allocate(file.Number, Kernel.ZeroRange, 7 * Block, 4 * Block));
        Assert.Equal(11 * Block, file.Size);
    }

    [RootFact]
    public void Fallocate_refuses_what_makes_no_sense()
    {
        using Descriptor file = Descriptor.Create(At("file"));
        Fails(Errno.EINVAL, Kernel.Allocate(file.Number, 0, 0, 0));
        Fails(Errno.EINVAL, Kernel.Allocate(file.Number, 0, -1, 10));
        Fails(Errno.EOPNOTSUPP, Kernel.Allocate(file.Number, 1 << 20, 0, 10));
        Fails(Errno.EOPNOTSUPP, Kernel.Allocate(file.Number, Kernel.CollapseRange, 0, Block));
        Fails(Errno.EFBIG, Kernel.Allocate(file.Number, 0, long.MaxValue - 10, 100));
        using Descriptor reader = Descriptor.Open(At("file"), OpenFlags.O_RDONLY);
        Fails(Errno.EBADF, Kernel.Allocate(reader.Number, 0, 0, 10));
    }

    [RootFact]
    public void Copy_file_range_copies_between_files_and_offsets()
    {
        byte[] bytes = new byte[300_000];
        new Random(5).NextBytes(bytes);
        using Descriptor from = Descriptor.Create(At("from"));
        using Descriptor to = Descriptor.Create(At("to"));
        from.Write(bytes);
        to.Write(Ones(1000));
        long fromOffset = 1_001, toOffset = 777;
        while (fromOffset < 250_000)
        {
            nuint left = (nuint)(250_000 - fromOffset);
            Assert.True(Succeeds(Kernel.CopyRange(from.Number, ref fromOffset, to.Number, ref toOffset, left, 0)) > 0);
        }

        Assert.Equal(777 + 250_000 - 1_001, to.Size);
        Assert.Equal(bytes[1_001..250_000], to.ReadAt(777, 300_000));
        Assert.Equal(Ones(777), to.ReadAt(0, 777));
    }

    [RootFact]
    public void Copy_file_range_within_a_file_refuses_overlap_and_ends_at_the_end()
    {
        using Descriptor file = Descriptor.Create(At("file"));
        file.Write(Ones(10_000));
        long from = 0, to = 5_000;
        Fails(Errno.EINVAL, Kernel.CopyRange(file.Number, ref from, file.Number, ref to, 6_000, 0));
        to = 20_000;
        Assert.Equal(10_000, Succeeds(Kernel.CopyRange(file.Number, ref from, file.Number, ref to, 1 << 20, 0)));
        Assert.Equal(30_000, file.Size);
        from = 40_000;
        Assert.Equal(0, Succeeds(Kernel.CopyRange(file.Number, ref from, file.Number, ref to, 10, 0)));
    }

    private static byte[] Ones(int length)
    {
        byte[] bytes = new byte[length];
        Array.Fill(bytes, (byte)1);
        return bytes;
    }
}
