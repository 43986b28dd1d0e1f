namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>mknod, symlink, link, unlink: what a name can lead to, and how many lead there.</summary>
[Collection(PosixCollection.Name)]
public sealed class NodeTypeTests(MountedTree tree) : TreeTest(tree)
{
    [RootTheory]
    [InlineData(FilePermissions.S_IFREG)]
    [InlineData(FilePermissions.S_IFIFO)]
    [InlineData(FilePermissions.S_IFSOCK)]
    [InlineData(FilePermissions.S_IFCHR)]
    [InlineData(FilePermissions.S_IFBLK)]
    public void Mknod_makes_a_node_of_the_type_mode_and_device_asked_for(FilePermissions type)
    {
        bool isDevice = type is FilePermissions.S_IFCHR or FilePermissions.S_IFBLK;
        ulong device = isDevice ? Device(259, 70_000) : 0;
        Succeeds(Syscall.mknod(At("node"), type | Mode(640), device));
        Stat status = StatusOf(At("node"));
        Assert.Equal(type | Mode(640), status.st_mode);
        Assert.Equal(device, status.st_rdev);
        Assert.Equal(1UL, status.st_nlink);
        Assert.Equal(0, status.st_size);
        Fails(Errno.EEXIST, Syscall.mknod(At("node"), type | Mode(640), device));
    }

    [RootFact]
    public void A_fifo_carries_bytes_between_two_opens()
    {
        Succeeds(Syscall.mkfifo(At("fifo"), Mode(600)));
        using Descriptor reader = Descriptor.Open(At("fifo"), OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK);
        using Descriptor writer = Descriptor.Open(At("fifo"), OpenFlags.O_WRONLY);
        writer.Write("bytes"u8);
        byte[] received = new byte[16];
        unsafe
        {
            fixed (byte* start = received) Assert.Equal(5, Succeeds(Syscall.read(reader.Number, start, 16)));
        }

        Assert.Equal("bytes"u8, received.AsSpan(0, 5));
    }

    [RootFact]
    public void A_character_device_reaches_its_driver()
    {
        Succeeds(Syscall.mknod(At("zero"), FilePermissions.S_IFCHR | Mode(600), Device(1, 5)));
        using Descriptor zero = Descriptor.Open(At("zero"), OpenFlags.O_RDONLY);
        Assert.Equal(new byte[100], zero.ReadAt(0, 100));
    }

    [RootFact]
    public void A_unix_socket_binds_and_accepts()
    {
        using System.Net.Sockets.Socket server = new(System.Net.Sockets.AddressFamily.Unix,
            System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        System.Net.Sockets.UnixDomainSocketEndPoint address = new(At("s"));
        server.Bind(address);
        server.Listen();
        Assert.Equal(FilePermissions.S_IFSOCK, StatusOf(At("s")).st_mode & FilePermissions.S_IFMT);
        using System.Net.Sockets.Socket client = new(System.Net.Sockets.AddressFamily.Unix,
            System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        client.Connect(address);
        Assert.True(client.Connected);
    }

    [RootFact]
    public void A_hard_link_is_the_same_file_under_one_more_name()
    {
        string first = NewFile("first", "shared");
        Succeeds(Syscall.link(first, At("second")));
        Assert.Equal(StatusOf(first).st_ino, StatusOf(At("second")).st_ino);
        Assert.Equal(2UL, StatusOf(first).st_nlink);
        Succeeds(Syscall.unlink(first));
        Assert.Equal(1UL, StatusOf(At("second")).st_nlink);
        Assert.Equal("shared", TextOf(At("second")));
        Fails(Errno.ENOENT, Syscall.lstat(first, out _));
    }

    [RootFact]
    public void Link_refuses_directories_existing_names_and_missing_sources()
    {
        string file = NewFile("file");
        string folder = NewFolder("folder");
        Fails(Errno.EPERM, Syscall.link(folder, At("x")));
        Fails(Errno.EEXIST, Syscall.link(file, folder));
        Fails(Errno.ENOENT, Syscall.link(At("absent"), At("x")));
        Fails(Errno.ENOTDIR, Syscall.link(file, At("file/x")));
        Assert.Equal(1UL, StatusOf(file).st_nlink);
    }

    [RootFact]
    public void Link_names_a_symlink_itself_unless_told_to_follow()
    {
        string file = NewFile("file");
        Succeeds(Syscall.symlink("file", At("pointer")));
        Succeeds(Syscall.link(At("pointer"), At("same pointer")));
        Assert.Equal(2UL, StatusOf(At("pointer")).st_nlink);
        Succeeds(Kernel.LinkAt(Kernel.WorkingDirectory, At("pointer"), Kernel.WorkingDirectory, At("same file"),
            Kernel.FollowSymlink));
        Assert.Equal(StatusOf(file).st_ino, StatusOf(At("same file")).st_ino);
    }

    [RootTheory]
    [InlineData(1)]
    [InlineData(59)]
    [InlineData(60)]
    [InlineData(255)]
    [InlineData(1023)]
    [InlineData(4095)]
    public void A_symlink_returns_its_target_byte_for_byte(int length)
    {
        string target = string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + i % 26)));
        Succeeds(Syscall.symlink(target, At("pointer")));
        byte[] buffer = new byte[5000];
        Assert.Equal(length, Succeeds(Syscall.readlink(At("pointer"), buffer)));
        Assert.Equal(target, System.Text.Encoding.ASCII.GetString(buffer, 0, length));
        Assert.Equal(length, StatusOf(At("pointer")).st_size);
        Assert.Equal(FilePermissions.S_IFLNK | Mode(777), StatusOf(At("pointer")).st_mode);
    }

    [RootFact]
    public void A_symlink_target_of_PATH_MAX_bytes_is_refused()
    {
        Fails(Errno.ENAMETOOLONG, Syscall.symlink(new string('t', 4096), At("pointer")));
        Fails(Errno.ENOENT, Syscall.symlink("", At("pointer")));
    }

    [RootFact]
    public void Symlinks_are_followed_relative_absolute_and_not_for_ever()
    {
        NewFile("file", "found");
        Succeeds(Syscall.symlink("file", At("relative")));
        Succeeds(Syscall.symlink(At("relative"), At("absolute")));
        Succeeds(Syscall.symlink("loop", At("loop")));
        Assert.Equal("found", TextOf(At("absolute")));
        Fails(Errno.ELOOP, Syscall.open(At("loop"), OpenFlags.O_RDONLY));
        Fails(Errno.ELOOP, Syscall.open(At("relative"), OpenFlags.O_RDONLY | OpenFlags.O_NOFOLLOW));
        Fails(Errno.EINVAL, Syscall.readlink(At("file"), new byte[10]));
    }

    [RootFact]
    public void A_file_can_have_many_names()
    {
        string file = NewFile("file");
        for (int i = 0; i < 3000; i++) Succeeds(Syscall.link(file, At($"name{i}")));
        Assert.Equal(3001UL, StatusOf(file).st_nlink);
        for (int i = 0; i < 3000; i++) Succeeds(Syscall.unlink(At($"name{i}")));
        Assert.Equal(1UL, StatusOf(file).st_nlink);
    }

    [RootFact]
    public void Whether_a_file_can_be_executed_follows_its_mode()
    {
        string script = NewFile("script", "#!/bin/sh\necho ran\n", 755);
        Assert.Equal("ran\n", Tool.Run(script));
        File.Copy(Tool.Find("true")!, At("true"));
        Succeeds(Syscall.chmod(At("true"), Mode(755)));
        Tool.Run(At("true"));
        Succeeds(Syscall.chmod(At("true"), Mode(644)));
        Fails(Errno.EACCES, Syscall.access(At("true"), AccessModes.X_OK));
    }
}
