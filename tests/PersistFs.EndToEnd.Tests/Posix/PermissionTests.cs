namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>
/// Owners, groups, modes, umask, sticky and setgid directories, as users without privilege meet them.
/// </summary>
[Collection(PosixCollection.Name)]
public sealed class PermissionTests(MountedTree tree) : TreeTest(tree)
{
    private const uint Alice = 65531, Bob = 65532, Staff = 65501;

    [RootFact]
    public void What_a_user_makes_is_the_users_own()
    {
        Caller.Run(Alice, Alice, () =>
        {
            NewFile("file");
            NewFolder("folder");
            Succeeds(Syscall.symlink("x", At("symlink")));
            Succeeds(Syscall.mkfifo(At("fifo"), Mode(600)));
            using Descriptor unnamed = Descriptor.Adopt(Kernel.Open(Here, Kernel.TemporaryFile | 2, 384));
            Assert.Equal(Alice, unnamed.Status.st_uid);
            Fails(Errno.EPERM, Syscall.mknod(At("device"), FilePermissions.S_IFCHR | Mode(600), Device(1, 3)));
        });
        foreach (string name in new[] { "file", "folder", "symlink", "fifo" })
        {
            Assert.Equal((Alice, Alice), (StatusOf(At(name)).st_uid, StatusOf(At(name)).st_gid));
        }
    }

    [RootTheory]
    [InlineData(000, 666)]
    [InlineData(022, 644)]
    [InlineData(077, 600)]
    [InlineData(027, 640)]
    public void The_umask_takes_bits_away(int maskDigits, int expectedDigits) => Caller.WithMask(Mode(maskDigits), () =>
    {
        using (Descriptor.Create(At("file"), 666))
        {
            Assert.Equal(Mode(expectedDigits), ModeOf(At("file")));
        }

        Succeeds(Syscall.mkdir(At("folder"), Mode(777)));
        Assert.Equal(Mode(777) & ~Mode(maskDigits), ModeOf(At("folder")));
        Succeeds(Syscall.mknod(At("fifo"), FilePermissions.S_IFIFO | Mode(666), 0));
        Assert.Equal(Mode(expectedDigits), ModeOf(At("fifo")));
    });

    [RootFact]
    public void Read_write_and_search_are_refused_to_those_without_the_bit()
    {
        string secret = NewFile("secret", "x", 600);
        string closed = NewFolder("closed", 700);
        NewFile("closed/file", "x", 666);
        string listed = NewFolder("listed", 744);
        Caller.Run(Bob, Bob, () =>
        {
            Fails(Errno.EACCES, Syscall.open(secret, OpenFlags.O_RDONLY));
            Fails(Errno.EACCES, Syscall.open(secret, OpenFlags.O_WRONLY));
            Fails(Errno.EACCES, Syscall.stat(closed + "/file", out _));
            Fails(Errno.EACCES, Syscall.open(closed, OpenFlags.O_RDONLY));
            Fails(Errno.EACCES, Syscall.open(listed + "/x", OpenFlags.O_CREAT | OpenFlags.O_RDWR, Mode(644)));
            Fails(Errno.EACCES, Syscall.truncate(secret, 0));
            Fails(Errno.EPERM, Syscall.chmod(secret, Mode(777)));
            Fails(Errno.EPERM, Syscall.chown(secret, Bob, Bob));
        });
    }

    [RootFact]
    public void A_supplementary_group_opens_what_is_the_groups()
    {
        string shared = NewFile("shared", "x", 660);
        Succeeds(Syscall.chown(shared, 0, Staff));
        Caller.Run(Bob, Bob, () => Fails(Errno.EACCES, Syscall.open(shared, OpenFlags.O_RDWR)));
        Caller.Run(Bob, Bob, () => Descriptor.Open(shared, OpenFlags.O_RDWR).Dispose(), (int)Staff);
    }

    [RootFact]
    public void In_a_sticky_directory_only_the_owner_removes_or_renames()
    {
        string sticky = NewFolder("sticky", 1777);
        Caller.Run(Alice, Alice, () =>
        {
            NewFile("sticky/a");
            NewFile("sticky/b");
            NewFolder("sticky/d");
        });
        Caller.Run(Bob, Bob, () =>
        {
            NewFile("sticky/mine");
            Fails(Errno.EPERM, Syscall.unlink(sticky + "/a"));
            Fails(Errno.EPERM, Syscall.rename(sticky + "/a", sticky + "/c"));
            Fails(Errno.EPERM, Syscall.rename(sticky + "/mine", sticky + "/a"));
            Fails(Errno.EPERM, Kernel.Rename2(sticky + "/mine", sticky + "/a", Kernel.Exchange));
            Fails(Errno.EPERM, Syscall.rmdir(sticky + "/d"));
            Succeeds(Syscall.unlink(sticky + "/mine"));
        });
        Caller.Run(Alice, Alice, () => Succeeds(Syscall.rename(sticky + "/a", sticky + "/b")));
    }

    [RootFact]
    public void A_setgid_directory_hands_its_group_down()
    {
        string shared = NewFolder("shared", 777);
        Succeeds(Syscall.chown(shared, 0, Staff));
        Succeeds(Syscall.chmod(shared, Mode(2777)));
        Caller.Run(Alice, Alice, () =>
        {
            NewFile("shared/file");
            Succeeds(Syscall.mkdir(shared + "/folder", Mode(755)));
            Succeeds(Syscall.symlink("x", shared + "/symlink"));
        });
        Assert.Equal(Staff, StatusOf(shared + "/file").st_gid);
        Assert.Equal(Staff, StatusOf(shared + "/folder").st_gid);
        Assert.Equal(Staff, StatusOf(shared + "/symlink").st_gid);
        Assert.NotEqual(default, ModeOf(shared + "/folder") & FilePermissions.S_ISGID);
        Assert.Equal(default, ModeOf(shared + "/file") & FilePermissions.S_ISGID);
    }

    [RootFact]
    public void Chmod_by_a_stranger_to_the_group_drops_setgid()
    {
        string file = NewFile("file", "x", 755);
        Succeeds(Syscall.chown(file, Alice, Staff));
        Caller.Run(Alice, Alice, () => Succeeds(Syscall.chmod(file, Mode(2755))));
        Assert.Equal(Mode(755), ModeOf(file));
        Caller.Run(Alice, Alice, () => Succeeds(Syscall.chmod(file, Mode(2755))), (int)Staff);
        Assert.Equal(Mode(2755), ModeOf(file));
    }

    [RootFact]
    public void The_owner_gives_a_file_to_a_group_of_the_owners_only()
    {
        string file = NewFile("file");
        Succeeds(Syscall.chown(file, Alice, Alice));
        Caller.Run(Alice, Alice, () =>
        {
            Succeeds(Syscall.chown(file, Alice, Staff));
            Fails(Errno.EPERM, Syscall.chown(file, Alice, 4242));
            Fails(Errno.EPERM, Syscall.chown(file, Bob, Staff));
        }, (int)Staff);
        Assert.Equal(Staff, StatusOf(file).st_gid);
    }

    [RootFact]
    public void Owners_and_groups_of_32_bits_are_kept()
    {
        string file = NewFile("file");
        Succeeds(Syscall.chown(file, 4_000_000_000, 3_999_999_999));
        Assert.Equal((4_000_000_000u, 3_999_999_999u), (StatusOf(file).st_uid, StatusOf(file).st_gid));
        Succeeds(Syscall.chown(file, uint.MaxValue, 7));
        Assert.Equal((4_000_000_000u, 7u), (StatusOf(file).st_uid, StatusOf(file).st_gid));
    }

    [RootFact]
    public void Lchown_changes_the_symlink_and_not_its_target()
    {
        string file = NewFile("file");
        Succeeds(Syscall.symlink("file", At("symlink")));
        Succeeds(Syscall.lchown(At("symlink"), Alice, Bob));
        Assert.Equal(Alice, StatusOf(At("symlink")).st_uid);
        Assert.Equal(0u, StatusOf(file).st_uid);
    }
}
