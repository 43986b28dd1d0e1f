namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>When the kernel promises to take setuid and setgid bits away.</summary>
[Collection(PosixCollection.Name)]
public sealed class SetIdTests(MountedTree tree) : TreeTest(tree)
{
    private const uint Alice = 65531;

    [RootFact]
    public void A_users_write_takes_both_bits_away() =>
        AssertCleared(file => file.WriteAt(0, "x"u8));

    [RootFact]
    public void A_users_truncate_takes_both_bits_away() =>
        AssertCleared(file => Succeeds(Syscall.ftruncate(file.Number, 1)));

    [RootFact]
    public void A_users_truncate_by_path_takes_both_bits_away() =>
        AssertCleared(_ => Succeeds(Syscall.truncate(At("file"), 1)));

    [RootFact]
    public void A_users_fallocate_takes_both_bits_away() =>
        AssertCleared(file => Succeeds(Kernel.Allocate(file.Number, 0, 0, 8192)));

    [RootFact]
    public void A_users_copy_takes_both_bits_away() => AssertCleared(file =>
    {
        using Descriptor source = Descriptor.Create(At("source"));
        source.Write("abc"u8);
        long from = 0, to = 0;
        Assert.Equal(3, Succeeds(Kernel.CopyRange(source.Number, ref from, file.Number, ref to, 3, 0)));
    });

    [RootFact]
    public void A_users_open_with_O_TRUNC_takes_both_bits_away() =>
        AssertCleared(_ => Descriptor.Open(At("file"), OpenFlags.O_WRONLY | OpenFlags.O_TRUNC).Dispose());

    [RootFact]
    public void Chown_takes_both_bits_away_even_from_root()
    {
        string file = NewFile("file", "x", 6755);
        Succeeds(Syscall.chown(file, Alice, Alice));
        Assert.Equal(Mode(755), ModeOf(file));
    }

    [RootFact]
    public void Chown_leaves_setgid_alone_where_the_group_cannot_execute()
    {
        string file = NewFile("file", "x", 6745);
        Succeeds(Syscall.chown(file, Alice, Alice));
        Assert.Equal(Mode(2745), ModeOf(file));
    }

    [RootFact]
    public void Chown_leaves_the_bits_of_a_directory_alone()
    {
        string folder = NewFolder("folder", 6755);
        Succeeds(Syscall.chown(folder, Alice, Alice));
        Assert.Equal(Mode(6755), ModeOf(folder));
    }

    [RootFact]
    public void A_write_by_root_leaves_the_bits()
    {
        string path = NewFile("file", "x", 6755);
        using Descriptor file = Descriptor.Open(path, OpenFlags.O_RDWR);
        file.WriteAt(0, "y"u8);
        Succeeds(Syscall.ftruncate(file.Number, 0));
        Assert.Equal(Mode(6755), ModeOf(path));
    }

    [RootFact]
    public void A_write_takes_file_capabilities_away()
    {
        string path = NewFile("file", "x", 755);
        // struct vfs_cap_data of revision 2: CAP_NET_RAW effective and permitted.
        byte[] capability = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        Succeeds(Syscall.setxattr(path, "security.capability", capability));
        using Descriptor file = Descriptor.Open(path, OpenFlags.O_RDWR);
        file.WriteAt(0, "y"u8);
        Fails(Errno.ENODATA, Syscall.getxattr(path, "security.capability", new byte[32]));
    }

    private void AssertCleared(Action<Descriptor> act)
    {
        string path = NewFile("file", "xyz", 6777);
        Caller.Run(Alice, Alice, () =>
        {
            using Descriptor file = Descriptor.Open(path, OpenFlags.O_RDWR);
            act(file);
        });
        // Who asks for the mode alone must not get what the kernel remembers of it.
        Succeeds(Kernel.Statx(Kernel.WorkingDirectory, path, 0, StatxBuffer.HasMode, out StatxBuffer alone));
        Assert.Equal(Mode(777), (FilePermissions)alone.Mode & (FilePermissions)4095);
        Assert.Equal(Mode(777), ModeOf(path));
    }
}
