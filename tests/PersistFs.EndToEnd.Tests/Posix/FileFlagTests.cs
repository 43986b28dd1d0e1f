using System.Diagnostics;

namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>chattr(1): the inode flags, and what immutable and append-only refuse.</summary>
/// <remarks>Writes are refused where the server sees them before the writer is told that all is well.</remarks>
[Collection(PosixCollection.Name)]
public sealed class FileFlagTests(MountedTree tree) : TreeTest(tree)
{
    private const nuint GetFlags = 0x80086601, SetFlags = 0x40086602, GetExtended = 0x801c581f;
    private const long Immutable = 0x10, AppendOnly = 0x20, NoDump = 0x40;
    private const uint ExtendedImmutable = 0x8;

    [RootFact]
    public void Flags_are_set_read_and_cleared()
    {
        string path = NewFile("file");
        Assert.Equal(0, FlagsOf(path) & (Immutable | AppendOnly | NoDump));
        SetFlagsOf(path, NoDump);
        Assert.Equal(NoDump, FlagsOf(path) & (Immutable | AppendOnly | NoDump));
        SetFlagsOf(path, 0);
        Assert.Equal(0, FlagsOf(path) & NoDump);
    }

    [RootFact]
    public void A_change_of_flags_is_a_change_of_the_file()
    {
        AssertChanges(NewFolder("folder"));
        // A kernel that gathers writes keeps the times of a regular file itself, and takes ioctl(2) for no change.
        if (!Tree.GathersWrites) AssertChanges(NewFile("file"));
    }

    [RootFact]
    public void The_extended_call_shows_the_same_flags()
    {
        string path = NewFile("file");
        using Flagged _ = new(path, Immutable);
        using Descriptor file = Descriptor.Open(path, OpenFlags.O_RDONLY);
        byte[] extended = new byte[28];
        Succeeds(Kernel.IoctlBytes(file.Number, GetExtended, extended));
        Assert.Equal(ExtendedImmutable, BitConverter.ToUInt32(extended) & ExtendedImmutable);
    }

    [RootFact]
    public void An_immutable_file_is_neither_changed_nor_renamed_nor_removed()
    {
        string path = NewFile("file", "text");
        using (new Flagged(path, Immutable))
        {
            if (!Tree.GathersWrites) Assert.Equal(Errno.EPERM, WriteAndSync(path, OpenFlags.O_WRONLY));
            Fails(Errno.EPERM, Syscall.truncate(path, 0));
            Fails(Errno.EPERM, Syscall.unlink(path));
            Fails(Errno.EPERM, Syscall.rename(path, At("other")));
            Fails(Errno.EPERM, Syscall.link(path, At("other")));
            Fails(Errno.EPERM, Syscall.chmod(path, Mode(600)));
            Fails(Errno.EPERM, Syscall.chown(path, 1, 1));
            Fails(Errno.EPERM, Syscall.setxattr(path, "user.a", [1]));
            Timespec time = new() { tv_sec = 1 };
            Fails(Errno.EPERM, Syscall.utimensat(Kernel.WorkingDirectory, path, [time, time], 0));
            Fails(Errno.EPERM, Syscall.rename(NewFile("third"), path));
            Assert.Equal("text", TextOf(path));
        }

        Succeeds(Syscall.unlink(path));
    }

    [RootFact]
    public void An_append_only_file_grows_and_does_nothing_else()
    {
        string path = NewFile("file", "text");
        using (new Flagged(path, AppendOnly))
        {
            Assert.Equal(default, WriteAndSync(path, OpenFlags.O_WRONLY | OpenFlags.O_APPEND));
            if (!Tree.GathersWrites) Assert.Equal(Errno.EPERM, WriteAndSync(path, OpenFlags.O_WRONLY));
            Fails(Errno.EPERM, Syscall.truncate(path, 0));
            Fails(Errno.EPERM, Syscall.unlink(path));
            Fails(Errno.EPERM, Syscall.rename(path, At("other")));
            Assert.Equal("text!", TextOf(path));
        }
    }

    [RootFact]
    public void An_immutable_directory_keeps_its_entries()
    {
        string folder = NewFolder("folder");
        NewFile("folder/file", "text");
        using (new Flagged(folder, Immutable))
        {
            Fails(Errno.EPERM, Syscall.unlink(folder + "/file"));
            Fails(Errno.EPERM, Syscall.mkdir(folder + "/new", Mode(755)));
            Fails(Errno.EPERM, Syscall.rename(folder + "/file", At("file")));
            Fails(Errno.EPERM, Syscall.rmdir(folder));
        }
    }

    [RootFact]
    public void An_append_only_directory_takes_names_and_keeps_them()
    {
        string folder = NewFolder("folder");
        using (new Flagged(folder, AppendOnly))
        {
            NewFile("folder/file");
            Fails(Errno.EPERM, Syscall.unlink(folder + "/file"));
            Fails(Errno.EPERM, Syscall.rename(folder + "/file", At("file")));
        }
    }

    [RootFact]
    public void Only_the_privileged_set_immutable()
    {
        string path = NewFile("file");
        Succeeds(Syscall.chown(path, 65531, 65531));
        Caller.Run(65531, 65531, () =>
        {
            using Descriptor file = Descriptor.Open(path, OpenFlags.O_RDONLY);
            long flags = Immutable;
            Fails(Errno.EPERM, Kernel.Ioctl(file.Number, SetFlags, ref flags));
        });
        Assert.Equal(0, FlagsOf(path) & Immutable);
    }

    /// <summary>
    /// New flags make a new change time, as soon as the clock has gone on, and leave the modification time.
    /// </summary>
    private static void AssertChanges(string path)
    {
        Stat before = StatusOf(path), after;
        Stopwatch waited = Stopwatch.StartNew();
        for (long flags = NoDump; ; flags ^= NoDump)
        {
            SetFlagsOf(path, flags);
            after = StatusOf(path);
            if (!after.st_ctim.Equals(before.st_ctim) || waited.Elapsed.TotalSeconds > 10) break;
        }

        Assert.True((after.st_ctime, after.st_ctime_nsec).CompareTo((before.st_ctime, before.st_ctime_nsec)) > 0);
        Assert.Equal((before.st_mtime, before.st_mtime_nsec), (after.st_mtime, after.st_mtime_nsec));
    }

    /// <summary>Why the first of open, write and fsync that is refused is refused; 0 when none is.</summary>
    private static unsafe Errno WriteAndSync(string path, OpenFlags flags)
    {
        int file = Syscall.open(path, flags | OpenFlags.O_CLOEXEC);
        if (file < 0) return Stdlib.GetLastError();
        byte mark = (byte)'!';
        bool isRefused = Kernel.WriteAt(file, &mark, 1, 0) < 0 || Syscall.fsync(file) < 0;
        Errno errno = isRefused ? Stdlib.GetLastError() : default;
        _ = Syscall.close(file);
        return errno;
    }

    private static long FlagsOf(string path)
    {
        using Descriptor file = Descriptor.Open(path, OpenFlags.O_RDONLY);
        long flags = 0;
        Succeeds(Kernel.Ioctl(file.Number, GetFlags, ref flags));
        return flags & uint.MaxValue;
    }

    private static void SetFlagsOf(string path, long flags)
    {
        using Descriptor file = Descriptor.Open(path, OpenFlags.O_RDONLY);
        Succeeds(Kernel.Ioctl(file.Number, SetFlags, ref flags));
    }

    /// <summary>A path that has flags until this is disposed, or the test's directory could not be removed.</summary>
    private sealed class Flagged : IDisposable
    {
        private readonly string path;

        public Flagged(string path, long flags)
        {
            this.path = path;
            SetFlagsOf(path, flags);
        }

        public void Dispose() => SetFlagsOf(path, 0);
    }
}
