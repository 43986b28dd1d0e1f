namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>Files that are open and have no name, or lose or change the one they had.</summary>
[Collection(PosixCollection.Name)]
public sealed class UnlinkedFileTests(MountedTree tree) : TreeTest(tree)
{
    private const int ReadWrite = 2, Exclusive = 0x80, OwnerOnly = 384;

    [RootFact]
    public void An_unlinked_file_is_read_written_and_truncated_through_its_descriptor()
    {
        using Descriptor file = Descriptor.Create(At("file"));
        file.Write("before"u8);
        Succeeds(Syscall.unlink(At("file")));
        Assert.Equal(0UL, file.Status.st_nlink);
        file.WriteAt(1 << 20, "after"u8);
        Assert.Equal("before"u8, file.ReadAt(0, 6));
        Succeeds(Syscall.ftruncate(file.Number, 3));
        Assert.Equal("bef"u8, file.ReadAt(0, 100));
        Succeeds(Syscall.fchmod(file.Number, Mode(600)));
        Succeeds(Syscall.fsync(file.Number));
    }

    [RootFact]
    public void An_unlinked_file_keeps_its_bytes_when_the_kernel_drops_its_caches()
    {
        byte[] bytes = new byte[300_000];
        new Random(7).NextBytes(bytes);
        using Descriptor file = Descriptor.Create(At("file"));
        file.Write(bytes);
        Succeeds(Syscall.fsync(file.Number));
        Succeeds(Syscall.unlink(At("file")));
        File.WriteAllText("/proc/sys/vm/drop_caches", "3");
        Assert.Equal(bytes, file.ReadAt(0, bytes.Length + 1));
    }

    [RootFact]
    public void A_file_made_anew_under_the_name_of_an_unlinked_one_is_another_file()
    {
        NewFile("file", "old");
        using Descriptor old = Descriptor.Open(At("file"), OpenFlags.O_RDWR);
        Succeeds(Syscall.unlink(At("file")));
        NewFile("file", "new");
        Assert.NotEqual(old.Status.st_ino, StatusOf(At("file")).st_ino);
        Assert.Equal("old"u8, old.ReadAt(0, 10));
    }

    [RootFact]
    public void A_descriptor_follows_its_file_through_renames()
    {
        NewFolder("folder");
        using Descriptor file = Descriptor.Create(At("a"));
        file.Write("one"u8);
        Succeeds(Syscall.rename(At("a"), At("folder/b")));
        file.WriteAt(3, " two"u8);
        Assert.Equal("one two", TextOf(At("folder/b")));
    }

    [RootFact]
    public void O_TMPFILE_makes_a_file_without_a_name()
    {
        using Descriptor file = Descriptor.Adopt(Kernel.Open(Here, Kernel.TemporaryFile | ReadWrite, OwnerOnly));
        file.Write("nameless"u8);
        Assert.Equal(0UL, file.Status.st_nlink);
        Assert.Equal(FilePermissions.S_IFREG | Mode(600), file.Status.st_mode);
        Assert.Empty(NamesIn(Here));
        Assert.Equal("nameless"u8, file.ReadAt(0, 100));
    }

    [RootFact]
    public void Linkat_gives_a_nameless_file_its_name()
    {
        using (Descriptor file = Descriptor.Adopt(Kernel.Open(Here, Kernel.TemporaryFile | ReadWrite, OwnerOnly)))
        {
            file.Write("complete"u8);
            Succeeds(Kernel.LinkAt(file.Number, "", Kernel.WorkingDirectory, At("a"), Kernel.EmptyPath));
            Succeeds(Kernel.LinkAt(Kernel.WorkingDirectory, $"/proc/self/fd/{file.Number}", Kernel.WorkingDirectory,
                At("b"), Kernel.FollowSymlink));
            Assert.Equal(2UL, file.Status.st_nlink);
        }

        Assert.Equal("complete", TextOf(At("a")));
        Assert.Equal("complete", TextOf(At("b")));
    }

    [RootFact]
    public void A_nameless_file_opened_with_O_EXCL_never_gets_a_name()
    {
        int flags = Kernel.TemporaryFile | ReadWrite | Exclusive;
        using Descriptor file = Descriptor.Adopt(Kernel.Open(Here, flags, OwnerOnly));
        Fails(Errno.ENOENT,
            Kernel.LinkAt(file.Number, "", Kernel.WorkingDirectory, At("a"), Kernel.EmptyPath));
    }

    [RootFact]
    public void A_file_unlinked_for_good_cannot_be_linked_again()
    {
        using Descriptor file = Descriptor.Create(At("file"));
        Succeeds(Syscall.unlink(At("file")));
        Fails(Errno.ENOENT,
            Kernel.LinkAt(file.Number, "", Kernel.WorkingDirectory, At("a"), Kernel.EmptyPath));
    }

    [RootFact]
    public void Hundreds_of_unlinked_files_stay_apart_while_open()
    {
        List<Descriptor> files = [];
        for (int i = 0; i < 500; i++)
        {
            Descriptor file = Descriptor.Create(At("same name"));
            file.Write(BitConverter.GetBytes(i));
            Succeeds(Syscall.unlink(At("same name")));
            files.Add(file);
        }

        for (int i = 0; i < files.Count; i++) Assert.Equal(BitConverter.GetBytes(i), files[i].ReadAt(0, 8));
        files.ForEach(file => file.Dispose());
    }
}
