namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>POSIX access control lists, through the tools people use.</summary>
[Collection(PosixCollection.Name)]
public sealed class AccessControlListTests(MountedTree tree) : TreeTest(tree)
{
    private const string Tools = "setfacl getfacl";
    private const uint Alice = 65531, Bob = 65532;

    [RootFact(Tools = Tools)]
    public void A_named_user_may_what_the_entry_says()
    {
        string path = NewFile("file", "text", 600);
        Tool.Run("setfacl", "-m", $"u:{Alice}:r", path);
        Caller.Run(Alice, Alice, () =>
        {
            Assert.Equal("text", TextOf(path));
            Fails(Errno.EACCES, Syscall.open(path, OpenFlags.O_WRONLY));
        });
        Caller.Run(Bob, Bob, () => Fails(Errno.EACCES, Syscall.open(path, OpenFlags.O_RDONLY)));
    }

    [RootFact(Tools = Tools)]
    public void The_group_bits_of_the_mode_are_the_mask()
    {
        string path = NewFile("file", "text", 600);
        Tool.Run("setfacl", "-m", $"u:{Alice}:rwx", path);
        Assert.Equal(Mode(670), ModeOf(path));
        Succeeds(Syscall.chmod(path, Mode(640)));
        Assert.Contains("mask::r--", Tool.Run("getfacl", "-cpE", path), StringComparison.Ordinal);
        Caller.Run(Alice, Alice, () => Fails(Errno.EACCES, Syscall.open(path, OpenFlags.O_WRONLY)));
        Succeeds(Syscall.chmod(path, Mode(660)));
        Caller.Run(Alice, Alice, () => Descriptor.Open(path, OpenFlags.O_RDWR).Dispose());
    }

    [RootFact(Tools = Tools)]
    public void Removing_all_extended_entries_leaves_the_mode()
    {
        string path = NewFile("file", "", 640);
        Tool.Run("setfacl", "-m", $"g:{Bob}:rw", path);
        Assert.Equal(Mode(660), ModeOf(path));
        Tool.Run("setfacl", "-b", path);
        Assert.Equal(Mode(640), ModeOf(path));
        Fails(Errno.ENODATA, Syscall.getxattr(path, "system.posix_acl_access", new byte[100]));
    }

    [RootFact(Tools = Tools)]
    public void A_list_that_says_no_more_than_a_mode_becomes_the_mode()
    {
        string path = NewFile("file", "", 600);
        Tool.Run("setfacl", "-m", "u::rwx,g::r,o::x", path);
        Assert.Equal(Mode(741), ModeOf(path));
        Fails(Errno.ENODATA, Syscall.getxattr(path, "system.posix_acl_access", new byte[100]));
    }

    [RootFact(Tools = Tools)]
    public void A_default_list_is_handed_down_and_the_umask_set_aside()
    {
        string folder = NewFolder("folder");
        Tool.Run("setfacl", "-d", "-m", $"u::rwx,g::r-x,o::---,u:{Alice}:rwx", folder);
        Caller.WithMask(Mode(077), () =>
        {
            Descriptor.Create(folder + "/file", 666).Dispose();
            Succeeds(Syscall.mkdir(folder + "/child", Mode(777)));
            Succeeds(Syscall.mkfifo(folder + "/fifo", Mode(666)));
        });
        Assert.Equal(Mode(660), ModeOf(folder + "/file"));
        Assert.Equal(Mode(770), ModeOf(folder + "/child"));
        Assert.Equal(Mode(660), ModeOf(folder + "/fifo"));
        Assert.Contains($"user:{Alice}:rwx", Tool.Run("getfacl", "-cpnE", folder + "/file"), StringComparison.Ordinal);
        Assert.Contains($"default:user:{Alice}:rwx", Tool.Run("getfacl", "-cpnE", folder + "/child"),
            StringComparison.Ordinal);
        Assert.DoesNotContain("default", Tool.Run("getfacl", "-cpnE", folder + "/file"), StringComparison.Ordinal);
        Caller.Run(Alice, Alice, () => Descriptor.Open(folder + "/file", OpenFlags.O_RDWR).Dispose());
    }

    [RootFact(Tools = Tools)]
    public void A_nameless_file_and_a_symlink_inherit_as_they_should()
    {
        string folder = NewFolder("folder");
        Tool.Run("setfacl", "-d", "-m", $"u::rwx,g::rwx,o::---,u:{Alice}:rw", folder);
        using Descriptor file = Descriptor.Adopt(Kernel.Open(folder, Kernel.TemporaryFile | 2, 438));
        Succeeds(Kernel.LinkAt(file.Number, "", Kernel.WorkingDirectory, folder + "/named", Kernel.EmptyPath));
        Assert.Contains($"user:{Alice}:rw-", Tool.Run("getfacl", "-cpnE", folder + "/named"), StringComparison.Ordinal);
        Succeeds(Syscall.symlink("x", folder + "/symlink"));
        Assert.Equal(Mode(777), ModeOf(folder + "/symlink"));
    }

    [RootFact(Tools = Tools)]
    public void Only_a_directory_has_a_default_list_and_only_the_owner_sets_one()
    {
        string path = NewFile("file", "", 666);
        Assert.NotEqual(0, Tool.Try("setfacl", "-d", "-m", "u::rwx,g::rwx,o::rwx", path).ExitCode);
        string folder = NewFolder("folder", 777);
        Tool.Run("setfacl", "-d", "-m", "u::rwx,g::r,o::r", folder);
        byte[] list = new byte[200];
        int size = (int)Succeeds(Syscall.getxattr(folder, "system.posix_acl_default", list));
        Caller.Run(Bob, Bob, () =>
            Fails(Errno.EPERM, Syscall.setxattr(folder, "system.posix_acl_default", list, (ulong)size)));
        Fails(Errno.EINVAL, Syscall.setxattr(folder, "system.posix_acl_access", [9, 9, 9]));
    }
}
