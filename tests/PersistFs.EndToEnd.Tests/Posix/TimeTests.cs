namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>Access, modification, change and birth times.</summary>
[Collection(PosixCollection.Name)]
public sealed class TimeTests(MountedTree tree) : TreeTest(tree)
{
    private const long Now = (1L << 30) - 1, Omit = (1L << 30) - 2;
    private const int NoFollow = 0x100;

    [RootTheory]
    [InlineData(0, 0)]
    [InlineData(1_700_000_000, 999_999_999)]
    [InlineData(-1, 1)]
    [InlineData(-2_000_000_000, 500_000_000)]
    [InlineData(5_000_000_000, 123_456_789)]
    public void Utimensat_sets_both_times_to_the_nanosecond(long seconds, long nanoseconds)
    {
        string file = NewFile("file");
        Set(file, new Timespec { tv_sec = seconds, tv_nsec = nanoseconds }, Time(seconds + 7, 1));
        Stat status = StatusOf(file);
        Assert.Equal((seconds, nanoseconds), (status.st_atime, status.st_atime_nsec));
        Assert.Equal((seconds + 7, 1), (status.st_mtime, status.st_mtime_nsec));
    }

    [RootFact]
    public void Utimensat_sets_to_now_and_omits()
    {
        string file = NewFile("file");
        Set(file, Time(1000, 1), Time(2000, 2));
        Set(file, Time(0, Omit), Time(0, Now));
        Stat status = StatusOf(file);
        Assert.Equal((1000, 1), (status.st_atime, status.st_atime_nsec));
        Assert.InRange(status.st_mtime, DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 60, long.MaxValue);
        Set(file, Time(0, Now), Time(0, Omit));
        Assert.NotEqual(1000, StatusOf(file).st_atime);
    }

    [RootFact]
    public void Utimensat_on_a_symlink_sets_the_symlinks_own_times()
    {
        string file = NewFile("file");
        Set(file, Time(1, 0), Time(1, 0));
        Succeeds(Syscall.symlink("file", At("symlink")));
        Timespec time = Time(99, 9);
        Succeeds(Syscall.utimensat(Kernel.WorkingDirectory, At("symlink"), [time, time], (AtFlags)NoFollow));
        Assert.Equal(99, StatusOf(At("symlink")).st_mtime);
        Assert.Equal(1, StatusOf(file).st_mtime);
    }

    [RootFact]
    public void Only_the_owner_sets_times_but_a_writer_may_set_them_to_now()
    {
        string file = NewFile("file", "", 666);
        Caller.Run(65531, 65531, () =>
        {
            Timespec time = Time(5, 5);
            Fails(Errno.EPERM, Syscall.utimensat(Kernel.WorkingDirectory, file, [time, time], 0));
            Succeeds(Syscall.utimensat(Kernel.WorkingDirectory, file, null, 0));
        });
    }

    [RootFact]
    public void A_write_changes_modification_and_change_time()
    {
        string path = NewFile("file", "abc");
        AssertChanges(path, modification: true, () =>
        {
            using Descriptor file = Descriptor.Open(path, OpenFlags.O_WRONLY);
            file.WriteAt(1, "x"u8);
        });
        AssertChanges(path, modification: true, () => Succeeds(Syscall.truncate(path, 100)));
        AssertChanges(path, modification: true, () =>
            Descriptor.Open(path, OpenFlags.O_WRONLY | OpenFlags.O_TRUNC).Dispose());
    }

    [RootFact]
    public void What_changes_the_inode_alone_changes_the_change_time_alone()
    {
        string path = NewFile("file", "abc");
        AssertChanges(path, modification: false, () => Succeeds(Syscall.chmod(path, Mode(600))));
        AssertChanges(path, modification: false, () => Succeeds(Syscall.chown(path, 1, 1)));
        AssertChanges(path, modification: false, () => Succeeds(Syscall.link(path, At("second"))));
        AssertChanges(path, modification: false, () => Succeeds(Syscall.rename(At("second"), At("third"))));
        AssertChanges(path, modification: false, () => Succeeds(Syscall.unlink(At("third"))));
        AssertChanges(path, modification: false, () => Succeeds(Syscall.setxattr(path, "user.a", [1])));
    }

    [RootFact]
    public void A_failed_or_empty_call_changes_no_time()
    {
        string path = NewFile("file", "abc");
        Set(path, Time(10, 0), Time(20, 0));
        Fails(Errno.EEXIST, Syscall.open(path, OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_RDWR, Mode(644)));
        using Descriptor file = Descriptor.Open(path, OpenFlags.O_RDWR);
        file.WriteAt(0, []);
        Assert.Equal(20, StatusOf(path).st_mtime);
    }

    [RootFact]
    public void Times_survive_open_and_close_once_set()
    {
        string path = At("file");
        using (Descriptor file = Descriptor.Create(path))
        {
            file.Write("archived"u8);
            Timespec time = Time(1_000_000_000, 123_456_789);
            Succeeds(Syscall.futimens(file.Number, [time, time]));
        }

        Descriptor.Open(path, OpenFlags.O_RDWR).Dispose();
        Assert.Equal((1_000_000_000, 123_456_789), (StatusOf(path).st_mtime, StatusOf(path).st_mtime_nsec));
    }

    [RootFact]
    public void The_birth_time_is_known_and_never_changes()
    {
        string path = NewFile("file");
        StatxBuffer before = Birth(path);
        Assert.NotEqual(0u, before.Mask & StatxBuffer.HasBirthTime);
        Assert.InRange(before.BirthSeconds, DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 600,
            DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1);
        Set(path, Time(1, 1), Time(1, 1));
        Succeeds(Syscall.chmod(path, Mode(600)));
        Succeeds(Syscall.rename(path, At("other")));
        StatxBuffer after = Birth(At("other"));
        Assert.Equal((before.BirthSeconds, before.BirthNanoseconds), (after.BirthSeconds, after.BirthNanoseconds));
    }

    [RootTheory(ProductOnly = true)]
    [InlineData("relatime", false, true)]
    [InlineData("relatime", true, false)]
    [InlineData("noatime", false, false)]
    [InlineData("strictatime", true, true)]
    public void Reading_sets_the_access_time_as_the_mount_has_it(string option, bool isLater, bool moves)
    {
        using MountedTree own = MountedTree.Start("64M", option);
        string path = own.NewDirectory() + "/file";
        File.WriteAllText(path, "text");
        Set(path, Time(0, Omit), Time(1000, 0));
        // A year ahead, and so later than the change that setting it is.
        long accessed = isLater ? DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 31_536_000 : 900;
        Set(path, Time(accessed, 0), Time(0, Omit));
        // What the kernel has of the file in its cache is read without the server.
        own.Down();
        own.Up();
        Assert.Equal("text", TextOf(path));
        Assert.Equal(moves, StatusOf(path).st_atime != accessed);
    }

    private static StatxBuffer Birth(string path)
    {
        Succeeds(Kernel.Statx(Kernel.WorkingDirectory, path, 0, out StatxBuffer buffer));
        return buffer;
    }

    private static void AssertChanges(string path, bool modification, Action act)
    {
        Set(path, Time(10, 0), Time(20, 0));
        // The clock of files ticks every few milliseconds: wait for its next tick, not for a guess at it.
        Stat before = StatusOf(path);
        string clock = path + ".clock";
        do
        {
            Descriptor.Open(clock, OpenFlags.O_CREAT | OpenFlags.O_RDWR).Dispose();
            Succeeds(Syscall.utimensat(Kernel.WorkingDirectory, clock, null, 0));
        }
        while (StatusOf(clock).st_ctim.Equals(before.st_ctim));

        act();
        Stat after = StatusOf(path);
        Assert.NotEqual(before.st_ctim, after.st_ctim);
        Assert.Equal(modification, after.st_mtime != 20);
        Assert.Equal(10, after.st_atime);
    }

    private static Timespec Time(long seconds, long nanoseconds) => new() { tv_sec = seconds, tv_nsec = nanoseconds };

    private static void Set(string path, Timespec access, Timespec modification) =>
        Succeeds(Syscall.utimensat(Kernel.WorkingDirectory, path, [access, modification], 0));
}
