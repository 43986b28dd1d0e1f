namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>mkdir, rmdir and what a directory says of itself.</summary>
[Collection(PosixCollection.Name)]
public sealed class DirectoryTests(MountedTree tree) : TreeTest(tree)
{
    [RootFact]
    public void A_directory_has_two_links_and_one_more_for_each_child_directory()
    {
        string folder = NewFolder("folder");
        Assert.Equal(2UL, StatusOf(folder).st_nlink);
        for (int i = 0; i < 5; i++) NewFolder($"folder/{i}");
        NewFile("folder/file");
        Assert.Equal(7UL, StatusOf(folder).st_nlink);
        Succeeds(Syscall.rmdir(At("folder/3")));
        Assert.Equal(6UL, StatusOf(folder).st_nlink);
        Succeeds(Syscall.rename(At("folder/4"), At("4")));
        Assert.Equal(5UL, StatusOf(folder).st_nlink);
    }

    [RootFact]
    public void Rmdir_removes_only_empty_directories()
    {
        string folder = NewFolder("folder");
        string file = NewFile("folder/file");
        Fails(Errno.ENOTEMPTY, Syscall.rmdir(folder));
        Fails(Errno.ENOTDIR, Syscall.rmdir(file));
        Fails(Errno.EISDIR, Syscall.unlink(folder));
        Fails(Errno.EINVAL, Syscall.rmdir(folder + "/."));
        Fails(Errno.ENOTEMPTY, Syscall.rmdir(folder + "/.."));
        Succeeds(Syscall.unlink(file));
        Succeeds(Syscall.rmdir(folder));
        Fails(Errno.ENOENT, Syscall.rmdir(folder));
    }

    [RootFact]
    public void Dot_and_dot_dot_lead_to_the_directory_and_its_parent()
    {
        string folder = NewFolder("folder");
        using Descriptor open = Descriptor.Open(folder, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        List<DirectoryEntry> entries = Kernel.ReadDirectory(open.Number);
        Assert.Equal([".", ".."], entries.Select(entry => entry.Name).Order());
        Assert.Equal(StatusOf(folder).st_ino, entries.Single(entry => entry.Name == ".").Inode);
        Assert.Equal(StatusOf(Here).st_ino, entries.Single(entry => entry.Name == "..").Inode);
    }

    [RootFact]
    public void Readdir_tells_inode_number_and_type_of_each_entry()
    {
        NewFile("file");
        NewFolder("folder");
        Succeeds(Syscall.symlink("x", At("symlink")));
        Succeeds(Syscall.mkfifo(At("fifo"), Mode(600)));
        using Descriptor open = Descriptor.Open(Here, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        Dictionary<string, DirectoryEntry> entries = Kernel.ReadDirectory(open.Number).ToDictionary(e => e.Name);
        const byte fifo = 1, directory = 4, regular = 8, symlink = 10;
        foreach ((string name, byte type) in new[]
                 { ("file", regular), ("folder", directory), ("symlink", symlink), ("fifo", fifo) })
        {
            Assert.Equal(type, entries[name].Type);
            Assert.Equal(StatusOf(At(name)).st_ino, entries[name].Inode);
        }
    }

    [RootFact]
    public void A_removed_directory_that_is_open_lists_and_takes_no_names()
    {
        string folder = NewFolder("folder");
        using Descriptor open = Descriptor.Open(folder, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        Succeeds(Syscall.rmdir(folder));
        Fails(Errno.ENOENT, Kernel.GetDirectoryEntries(open.Number, new byte[4096]));
        Fails(Errno.ENOENT, Syscall.openat(open.Number, "new", OpenFlags.O_CREAT | OpenFlags.O_RDWR, Mode(644)));
        Fails(Errno.ENOENT, Syscall.mkdirat(open.Number, "new", Mode(755)));
        Assert.Equal(0UL, open.Status.st_nlink);
    }

    [RootFact]
    public void Changes_of_its_entries_change_the_times_of_a_directory()
    {
        string folder = NewFolder("folder");
        foreach (Action change in new Action[]
                 {
                     () => NewFile("folder/a"),
                     () => Succeeds(Syscall.rename(At("folder/a"), At("folder/b"))),
                     () => Succeeds(Syscall.link(At("folder/b"), At("folder/c"))),
                     () => Succeeds(Syscall.unlink(At("folder/b"))),
                     () => NewFolder("folder/d"),
                     () => Succeeds(Syscall.rmdir(At("folder/d"))),
                 })
        {
            Timespec past = new() { tv_sec = 1_000_000, tv_nsec = 5 };
            Succeeds(Syscall.utimensat(Kernel.WorkingDirectory, folder, [past, past], 0));
            change();
            Assert.NotEqual(1_000_000, StatusOf(folder).st_mtime);
            Assert.Equal(StatusOf(folder).st_mtim, StatusOf(folder).st_ctim);
        }
    }

    [RootFact]
    public void Errors_come_in_the_order_of_the_path()
    {
        NewFile("file");
        Fails(Errno.ENOTDIR, Syscall.mkdir(At("file/x"), Mode(755)));
        Fails(Errno.ENOENT, Syscall.mkdir(At("absent/x"), Mode(755)));
        Fails(Errno.EEXIST, Syscall.mkdir(At("file"), Mode(755)));
        Fails(Errno.ENOTDIR, Syscall.lstat(At("file/"), out _));
        Fails(Errno.ENOTDIR, Syscall.open(At("file"), OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY));
        Fails(Errno.EISDIR, Syscall.open(Here, OpenFlags.O_WRONLY));
    }

    [RootFact]
    public void A_deep_tree_is_made_walked_and_removed()
    {
        Caller.In(Here, () =>
        {
            for (int depth = 0; depth < 1000; depth++)
            {
                Succeeds(Syscall.mkdir("deeper", Mode(755)));
                Succeeds(Syscall.chdir("deeper"));
            }

            for (int depth = 0; depth < 1000; depth++) Succeeds(Syscall.chdir(".."));
            Succeeds(Syscall.stat(".", out Stat back));
            Assert.Equal(StatusOf(Here).st_ino, back.st_ino);
        });
        Tool.Run("rm", "-r", At("deeper"));
    }
}
