namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>read, write, append, truncate, and offsets up to the largest there is.</summary>
[Collection(PosixCollection.Name)]
public sealed class ReadWriteTests(MountedTree tree) : TreeTest(tree)
{
    [RootTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(255)]
    [InlineData(1000)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(65_536)]
    [InlineData(1_048_577)]
    [InlineData(2_097_152)]
    [InlineData(9_000_001)]
    public void What_is_written_is_read_back_also_from_the_server(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        using (Descriptor file = Descriptor.Create(At("file")))
        {
            file.Write(bytes);
            Assert.Equal(bytes, file.ReadAt(0, length + 10));
            DropPages(file);
            Assert.Equal(bytes, file.ReadAt(0, length + 10));
        }

        Assert.Equal(length, StatusOf(At("file")).st_size);
    }

    [RootFact]
    public void Growing_and_shrinking_by_steps_keeps_every_byte()
    {
        byte[] expected = new byte[70_000];
        Random random = new(11);
        using Descriptor file = Descriptor.Create(At("file"));
        int size = 0;
        for (int step = 0; step < 400; step++)
        {
            if (step % 5 == 4)
            {
                int shorter = random.Next(size + 1);
                Succeeds(Syscall.ftruncate(file.Number, shorter));
                Array.Clear(expected, shorter, expected.Length - shorter);
                size = shorter;
            }

            int offset = random.Next(60_000), length = random.Next(1, 9_000);
            Span<byte> piece = expected.AsSpan(offset, length);
            random.NextBytes(piece);
            file.WriteAt(offset, piece);
            size = Math.Max(size, offset + length);
            if (step % 50 == 0) DropPages(file);
            Assert.Equal(size, file.Size);
        }

        DropPages(file);
        Assert.Equal(expected[..size], file.ReadAt(0, expected.Length));
    }

    [RootFact]
    public void Truncating_to_more_shows_zeros_where_bytes_once_were()
    {
        using Descriptor file = Descriptor.Create(At("file"));
        byte[] ones = new byte[10_000];
        Array.Fill(ones, (byte)1);
        foreach (int cut in new[] { 9_999, 8_192, 5_000, 4_096, 100, 1, 0 })
        {
            file.WriteAt(0, ones);
            Succeeds(Syscall.ftruncate(file.Number, cut));
            Succeeds(Syscall.ftruncate(file.Number, 10_000));
            DropPages(file);
            byte[] expected = new byte[10_000];
            Array.Fill(expected, (byte)1, 0, cut);
            Assert.Equal(expected, file.ReadAt(0, 20_000));
        }
    }

    [RootFact]
    public void Writing_past_the_end_leaves_zeros_between()
    {
        using Descriptor file = Descriptor.Create(At("file"));
        file.WriteAt(0, "a"u8);
        file.WriteAt(5_000, "b"u8);
        DropPages(file);
        byte[] bytes = file.ReadAt(0, 6_000);
        Assert.Equal(5_001, bytes.Length);
        Assert.Equal(2, bytes.Count(value => value != 0));
    }

    [RootFact]
    public void Appends_of_many_descriptors_never_overwrite_each_other()
    {
        const int writers = 4, recordsEach = 500, recordSize = 32;
        Parallel.For(0, writers, new ParallelOptions { MaxDegreeOfParallelism = writers }, writer =>
        {
            using Descriptor file = Descriptor.Open(At("log"),
                OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_APPEND);
            for (int i = 0; i < recordsEach; i++)
            {
                file.Write(System.Text.Encoding.ASCII.GetBytes($"{writer}:{i}".PadRight(recordSize - 1) + "\n"));
            }
        });
        string[] lines = File.ReadAllText(At("log")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(writers * recordsEach, lines.Select(line => line.TrimEnd()).Distinct().Count());
        Assert.All(lines, line => Assert.Equal(recordSize - 1, line.Length));
    }

    [RootFact]
    public void Append_goes_to_the_end_that_another_descriptor_has_moved()
    {
        using Descriptor appender = Descriptor.Open(At("file"),
            OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_APPEND);
        appender.Write("1234567890"u8);
        Succeeds(Syscall.truncate(At("file"), 4));
        appender.Write("end"u8);
        Assert.Equal("1234end", TextOf(At("file")));
        appender.WriteAt(0, "!"u8);
        Assert.Equal("1234end!", TextOf(At("file")));
    }

    [RootFact]
    public void A_file_is_sparse_up_to_the_largest_offset_there_is()
    {
        using Descriptor file = Descriptor.Create(At("file"));
        Succeeds(Syscall.ftruncate(file.Number, long.MaxValue));
        Assert.Equal(long.MaxValue, file.Size);
        Assert.Equal(0, file.Status.st_blocks);
        Assert.Equal(new byte[4096], file.ReadAt(long.MaxValue / 2, 4096));
        Succeeds(Syscall.ftruncate(file.Number, 0));
        const long far = long.MaxValue - 100_000;
        file.WriteAt(far, "far"u8);
        file.WriteAt(1L << 40, "near"u8);
        DropPages(file);
        Assert.Equal("far"u8, file.ReadAt(far, 100));
        Assert.Equal("near"u8, file.ReadAt(1L << 40, 4));
        Assert.Equal(far + 3, file.Size);
        Assert.InRange(file.Status.st_blocks, 1, 16 << 10);
        Succeeds(Syscall.ftruncate(file.Number, 0));
        Assert.Equal(0, file.Status.st_blocks);
    }

    [RootFact]
    public void Offsets_that_cannot_be_are_refused()
    {
        using Descriptor file = Descriptor.Create(At("file"));
        Fails(Errno.EINVAL, Kernel.Seek(file.Number, -1, 0));
        unsafe
        {
            byte one = 1;
            Fails(Errno.EINVAL, Kernel.WriteAt(file.Number, &one, 1, -1));
            Fails(Errno.EINVAL, Kernel.WriteAt(file.Number, &one, 1, long.MaxValue));
            Assert.Equal(0, file.Size);
            Assert.Equal(1, Succeeds(Kernel.WriteAt(file.Number, &one, 1, long.MaxValue - 1)));
        }

        Assert.Equal(long.MaxValue, file.Size);
        Assert.Equal([1], file.ReadAt(long.MaxValue - 1, 1));
    }

    [RootFact]
    public void Vectors_of_any_shape_are_written_and_read_in_order()
    {
        using Descriptor file = Descriptor.Create(At("file"));
        byte[] bytes = new byte[100_000];
        new Random(3).NextBytes(bytes);
        unsafe
        {
            fixed (byte* start = bytes)
            {
                int[] sizes = [1, 0, 4095, 3, 60_000, 35_901];
                Iovec[] vector = new Iovec[sizes.Length];
                byte* at = start;
                for (int i = 0; i < sizes.Length; at += sizes[i++])
                {
                    vector[i] = new Iovec { iov_base = (nint)at, iov_len = (ulong)sizes[i] };
                }

                Assert.Equal(bytes.Length, Succeeds(Syscall.pwritev(file.Number, vector, 7)));
            }
        }

        DropPages(file);
        Assert.Equal(bytes, file.ReadAt(7, bytes.Length + 1));
    }

    [RootFact]
    public void The_size_and_blocks_of_a_file_tell_what_it_holds()
    {
        // What a file takes is told when it is closed: a kernel that gathers writes does not ask before.
        using (Descriptor file = Descriptor.Create(At("file"))) file.Write(new byte[1 << 20]);
        Assert.Equal(4096, StatusOf(At("file")).st_blksize);
        Assert.InRange(StatusOf(At("file")).st_blocks, 2048, 2 * 4096);
    }

    /// <summary>Has the kernel forget the file's pages, so that the next read reaches the server.</summary>
    private static void DropPages(Descriptor file)
    {
        Succeeds(Syscall.fsync(file.Number));
        Succeeds(Syscall.posix_fadvise(file.Number, 0, 0, PosixFadviseAdvice.POSIX_FADV_DONTNEED) == 0 ? 0 : -1);
    }
}
