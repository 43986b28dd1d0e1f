namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>mmap: shared and private, against read and write.</summary>
[Collection(PosixCollection.Name)]
public sealed class MemoryMapTests(MountedTree tree) : TreeTest(tree)
{
    private const int Length = 1 << 20;

    [RootFact]
    public void A_store_through_a_shared_mapping_is_read_and_a_write_is_seen()
    {
        using Descriptor file = Sized(Length);
        using MappedFile map = new(file, Length, isShared: true);
        "mapped"u8.CopyTo(map.Bytes[5000..]);
        Assert.Equal("mapped"u8, file.ReadAt(5000, 6));
        file.WriteAt(6000, "written"u8);
        Assert.Equal("written"u8, map.Bytes.Slice(6000, 7));
    }

    [RootFact]
    public void Two_mappings_of_two_opens_show_the_same_bytes()
    {
        using Descriptor first = Sized(Length);
        using Descriptor second = Descriptor.Open(At("file"), OpenFlags.O_RDWR);
        using MappedFile one = new(first, Length, isShared: true);
        using MappedFile two = new(second, Length, isShared: true);
        one.Bytes[Length - 1] = 42;
        Assert.Equal(42, two.Bytes[Length - 1]);
    }

    [RootFact]
    public void What_was_stored_and_synchronised_has_reached_the_file()
    {
        using Descriptor file = Sized(Length);
        byte[] expected = new byte[Length];
        new Random(1).NextBytes(expected);
        using (MappedFile map = new(file, Length, isShared: true))
        {
            expected.CopyTo(map.Bytes);
            map.Synchronize();
        }

        Assert.Equal(0, Syscall.posix_fadvise(file.Number, 0, 0, PosixFadviseAdvice.POSIX_FADV_DONTNEED));
        Assert.Equal(expected, file.ReadAt(0, Length));
    }

    [RootFact]
    public void What_was_stored_and_not_synchronised_is_there_after_the_mapping()
    {
        using (Descriptor file = Sized(Length))
        using (MappedFile map = new(file, Length, isShared: true))
        {
            map.Bytes.Fill(9);
        }

        using Descriptor reader = Descriptor.Open(At("file"), OpenFlags.O_RDONLY);
        Assert.DoesNotContain(reader.ReadAt(0, Length), value => value != 9);
    }

    [RootFact]
    public void A_private_mapping_keeps_its_changes_to_itself()
    {
        using Descriptor file = Sized(8192);
        file.WriteAt(0, "original"u8);
        using MappedFile map = new(file, 8192, isShared: false);
        Assert.Equal("original"u8, map.Bytes[..8]);
        "modified"u8.CopyTo(map.Bytes);
        Assert.Equal("original"u8, file.ReadAt(0, 8));
        Assert.Equal("modified"u8, map.Bytes[..8]);
    }

    [RootFact]
    public void A_mapping_outlives_the_descriptor_and_the_name()
    {
        MappedFile map;
        using (Descriptor file = Sized(8192))
        {
            file.WriteAt(0, "still here"u8);
            map = new MappedFile(file, 8192, isShared: true);
        }

        Succeeds(Syscall.unlink(At("file")));
        using (map)
        {
            Assert.Equal("still here"u8, map.Bytes[..10]);
            map.Bytes[0] = (byte)'S';
            map.Synchronize();
        }
    }

    [RootFact]
    public void Bytes_past_the_end_of_the_file_in_its_last_page_are_zero()
    {
        using Descriptor file = Sized(100);
        using MappedFile map = new(file, 4096, isShared: true);
        map.Bytes[..100].Fill(7);
        Succeeds(Syscall.ftruncate(file.Number, 50));
        Succeeds(Syscall.ftruncate(file.Number, 100));
        Assert.False(map.Bytes[50..].ContainsAnyExcept((byte)0));
        map.Bytes[99] = 1;
        map.Synchronize();
        Assert.Equal(100, file.Size);
        Assert.Equal(1, file.ReadAt(99, 10).Single());
    }

    [RootFact]
    public void Truncation_and_growth_show_in_a_mapping()
    {
        using Descriptor file = Sized(Length);
        using MappedFile map = new(file, Length, isShared: true);
        map.Bytes.Fill(1);
        Succeeds(Syscall.ftruncate(file.Number, 10));
        Succeeds(Syscall.ftruncate(file.Number, Length));
        Assert.Equal(1, map.Bytes[9]);
        Assert.False(map.Bytes[10..].ContainsAnyExcept((byte)0));
    }

    [RootFact]
    public void A_mapping_of_a_sparse_file_fills_holes_where_it_stores()
    {
        using Descriptor file = Sized(64 << 20);
        using MappedFile map = new(file, 64 << 20, isShared: true);
        for (int at = 0; at < 64 << 20; at += 8 << 20) map.Bytes[at + 123] = 5;
        map.Synchronize();
        Assert.Equal(Enumerable.Repeat((byte)5, 8),
            Enumerable.Range(0, 8).Select(i => file.ReadAt(i * (8L << 20) + 123, 1)[0]));
        Assert.InRange(file.Status.st_blocks, 8 * 8, 8 * 4096);
    }

    private Descriptor Sized(long size)
    {
        Descriptor file = Descriptor.Create(At("file"));
        Succeeds(Syscall.ftruncate(file.Number, size));
        return file;
    }
}
