namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>rename and renameat2.</summary>
[Collection(PosixCollection.Name)]
public sealed class RenameTests(MountedTree tree) : TreeTest(tree)
{
    [RootFact]
    public void Rename_moves_a_file_and_replaces_another()
    {
        string from = NewFile("from", "new");
        string to = NewFile("to", "old");
        ulong inode = StatusOf(from).st_ino;
        Succeeds(Syscall.rename(from, to));
        Assert.Equal(inode, StatusOf(to).st_ino);
        Assert.Equal("new", TextOf(to));
        Assert.Equal(["to"], NamesIn(Here));
    }

    [RootFact]
    public void A_replaced_file_lives_on_while_it_is_open()
    {
        NewFile("to", "old");
        using Descriptor old = Descriptor.Open(At("to"), OpenFlags.O_RDWR);
        Succeeds(Syscall.rename(NewFile("from", "new"), At("to")));
        Assert.Equal("old"u8, old.ReadAt(0, 10));
        Assert.Equal(0UL, old.Status.st_nlink);
        old.WriteAt(3, "er"u8);
        Assert.Equal("older"u8, old.ReadAt(0, 10));
        Assert.Equal("new", TextOf(At("to")));
    }

    [RootFact]
    public void Renaming_onto_another_name_of_the_same_file_does_nothing()
    {
        string file = NewFile("a");
        Succeeds(Syscall.link(file, At("b")));
        Succeeds(Syscall.rename(file, At("b")));
        Assert.Equal(["a", "b"], NamesIn(Here).Order());
        Assert.Equal(2UL, StatusOf(file).st_nlink);
        Succeeds(Syscall.rename(file, file));
    }

    [RootFact]
    public void A_directory_takes_the_place_of_an_empty_directory_only()
    {
        NewFolder("from/".TrimEnd('/'));
        NewFile("from/file");
        NewFolder("empty");
        NewFolder("full");
        NewFile("full/file");
        NewFile("file");
        Fails(Errno.ENOTEMPTY, Syscall.rename(At("from"), At("full")));
        Fails(Errno.ENOTDIR, Syscall.rename(At("from"), At("file")));
        Fails(Errno.EISDIR, Syscall.rename(At("file"), At("empty")));
        Succeeds(Syscall.rename(At("from"), At("empty")));
        Assert.Equal(["file"], NamesIn(At("empty")));
        Assert.Equal(4UL, StatusOf(Here).st_nlink);
    }

    [RootFact]
    public void A_directory_cannot_become_its_own_descendant()
    {
        NewFolder("a");
        NewFolder("a/b");
        NewFolder("a/b/c");
        Fails(Errno.EINVAL, Syscall.rename(At("a"), At("a/b/c/d")));
        Fails(Errno.EINVAL, Syscall.rename(At("a"), At("a/b")));
        Fails(Errno.ENOTEMPTY, Syscall.rename(At("a/b/c"), At("a")));
        Assert.Equal(["a"], NamesIn(Here));
    }

    [RootFact]
    public void Dot_dot_of_a_moved_directory_is_its_new_parent()
    {
        NewFolder("old");
        NewFolder("new");
        NewFolder("old/child");
        Succeeds(Syscall.rename(At("old/child"), At("new/child")));
        Assert.Equal(StatusOf(At("new")).st_ino, StatusOf(At("new/child/..")).st_ino);
        Assert.Equal(2UL, StatusOf(At("old")).st_nlink);
        Assert.Equal(3UL, StatusOf(At("new")).st_nlink);
    }

    [RootFact]
    public void Noreplace_refuses_an_existing_name()
    {
        NewFile("a", "a");
        NewFile("b", "b");
        Fails(Errno.EEXIST, Kernel.Rename2(At("a"), At("b"), Kernel.NoReplace));
        Assert.Equal("b", TextOf(At("b")));
        Succeeds(Kernel.Rename2(At("a"), At("c"), Kernel.NoReplace));
        Assert.Equal("a", TextOf(At("c")));
        Fails(Errno.ENOENT, Kernel.Rename2(At("a"), At("d"), Kernel.NoReplace));
    }

    [RootFact]
    public void Exchange_swaps_a_file_and_a_directory_across_directories()
    {
        NewFolder("left");
        NewFolder("right");
        string file = NewFile("left/x", "file");
        string folder = NewFolder("right/y");
        NewFile("right/y/inside", "inside");
        (ulong fileInode, ulong folderInode) = (StatusOf(file).st_ino, StatusOf(folder).st_ino);
        Succeeds(Kernel.Rename2(file, folder, Kernel.Exchange));
        Assert.Equal(folderInode, StatusOf(At("left/x")).st_ino);
        Assert.Equal(fileInode, StatusOf(At("right/y")).st_ino);
        Assert.Equal("inside", TextOf(At("left/x/inside")));
        Assert.Equal(3UL, StatusOf(At("left")).st_nlink);
        Assert.Equal(2UL, StatusOf(At("right")).st_nlink);
        Assert.Equal(StatusOf(At("left")).st_ino, StatusOf(At("left/x/..")).st_ino);
    }

    [RootFact]
    public void Exchange_needs_both_names()
    {
        NewFile("a");
        Fails(Errno.ENOENT, Kernel.Rename2(At("a"), At("absent"), Kernel.Exchange));
        Fails(Errno.ENOENT, Kernel.Rename2(At("absent"), At("a"), Kernel.Exchange));
        NewFolder("d");
        NewFolder("d/e");
        Fails(Errno.EINVAL, Kernel.Rename2(At("d"), At("d/e"), Kernel.Exchange));
    }

    [RootFact]
    public void Whiteout_leaves_a_character_device_0_0_behind()
    {
        NewFile("a", "a");
        Succeeds(Kernel.Rename2(At("a"), At("b"), Kernel.Whiteout));
        Assert.Equal("a", TextOf(At("b")));
        Assert.Equal(FilePermissions.S_IFCHR, StatusOf(At("a")).st_mode & FilePermissions.S_IFMT);
        Assert.Equal(0UL, StatusOf(At("a")).st_rdev);
        Assert.Equal(1UL, StatusOf(At("a")).st_nlink);
    }

    [RootFact]
    public void Flags_that_contradict_or_are_unknown_are_EINVAL()
    {
        NewFile("a");
        NewFile("b");
        Fails(Errno.EINVAL, Kernel.Rename2(At("a"), At("b"), Kernel.Exchange | Kernel.NoReplace));
        Fails(Errno.EINVAL, Kernel.Rename2(At("a"), At("b"), Kernel.Exchange | Kernel.Whiteout));
        Fails(Errno.EINVAL, Kernel.Rename2(At("a"), At("b"), 1 << 10));
    }

    [RootFact]
    public void A_name_that_is_replaced_again_and_again_is_never_missing()
    {
        NewFile("target", "0");
        using CancellationTokenSource end = new();
        Exception? failure = null;
        Thread reader = new(() =>
        {
            while (!end.IsCancellationRequested && failure == null)
            {
                failure = Record.Exception(() => Assert.NotEqual("", TextOf(At("target"))));
            }
        });
        reader.Start();
        for (int i = 1; i <= 2000; i++) Succeeds(Syscall.rename(NewFile("next", $"{i}"), At("target")));
        end.Cancel();
        reader.Join();
        Assert.Null(failure);
        Assert.Equal("2000", TextOf(At("target")));
    }
}
