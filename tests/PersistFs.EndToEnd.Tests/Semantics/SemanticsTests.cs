namespace PersistFs.EndToEnd.Tests.Semantics;

/// <summary>Where PersistFS differs from tmpfs: the sections of SEMANTICS.md, on trees of both cache modes.</summary>
public sealed class SemanticsTests : IDisposable
{
    private const string WriteThrough = "writethrough", WriteBack = "writeback";
    private const nuint SetFlags = 0x40086602, GetFlags = 0x80086601;
    private const long Immutable = 0x10, NoDump = 0x40;
    private const ulong StatxImmutable = 0x10;
    private const int Page = 4096, Piece = 1 << 20;

    private MountedTree? mounted;

    public void Dispose() => mounted?.Dispose();

    [RootTheory(ProductOnly = true)]
    [InlineData(WriteThrough)]
    [InlineData(WriteBack)]
    public void A_read_from_the_page_cache_moves_no_access_time(string mode)
    {
        string path = Mount(mode, "text");
        Timespec longAgo = new() { tv_sec = 1000 }, later = new() { tv_sec = 2000 };
        using Descriptor file = Descriptor.Open(path, OpenFlags.O_RDONLY);
        Assert.Equal(4, file.ReadAt(0, Page).Length);
        Succeeds(Syscall.utimensat(Kernel.WorkingDirectory, path, [longAgo, later], 0));
        Assert.Equal(4, file.ReadAt(0, Page).Length);
        Assert.Equal(1000, file.Status.st_atime);
    }

    [RootTheory(ProductOnly = true)]
    [InlineData(WriteThrough, "text")]
    [InlineData(WriteBack, "!ext")]
    public unsafe void An_immutable_file_opens_for_writing_and_only_write_through_refuses_the_write(
        string mode, string expected)
    {
        string path = Mount(mode, "text");
        SetFlagsOf(path, Immutable);
        try
        {
            using Descriptor file = Descriptor.Open(path, OpenFlags.O_WRONLY);
            byte mark = (byte)'!';
            bool isRefused = Kernel.WriteAt(file.Number, &mark, 1, 0) < 0;
            Assert.Equal(mode == WriteThrough ? Errno.EPERM : default, isRefused ? Stdlib.GetLastError() : default);
            Succeeds(Syscall.fsync(file.Number));
        }
        finally
        {
            SetFlagsOf(path, 0);
        }
        mounted!.CheckOffline();
        Assert.Equal(expected, File.ReadAllText(path));
    }

    [RootFact(ProductOnly = true)]
    public void With_write_back_a_change_of_flags_leaves_the_cached_change_time()
    {
        string path = Mount(WriteBack, "text");
        using (Descriptor file = Descriptor.Open(path, OpenFlags.O_RDONLY))
        {
            Succeeds(Syscall.fsync(file.Number));
            long before = ChangeTimeOf(file);
            // The clock of the file system has gone on as soon as another file has a later time.
            Await(() => ChangeTimeOf(Path.Combine(mounted!.Root, $"clock-{Guid.NewGuid():n}")) > before);
            SetFlagsOf(path, NoDump);
            Assert.Equal(before, ChangeTimeOf(file));
        }
        long kept = ChangeTimeOf(path);
        mounted!.CheckOffline();
        Assert.True(ChangeTimeOf(path) > kept, "the change time is that of the change of flags after all");
    }

    [RootTheory(ProductOnly = true)]
    [InlineData(WriteThrough)]
    [InlineData(WriteBack)]
    public void Statx_has_no_flags_where_the_ioctl_has_them(string mode)
    {
        string path = Mount(mode, "text");
        SetFlagsOf(path, Immutable);
        try
        {
            Succeeds(Kernel.Statx(Kernel.WorkingDirectory, path, 0, out StatxBuffer status));
            Assert.Equal(0UL, status.Attributes & StatxImmutable);
            using Descriptor file = Descriptor.Open(path, OpenFlags.O_RDONLY);
            long flags = 0;
            Succeeds(Kernel.Ioctl(file.Number, GetFlags, ref flags));
            Assert.Equal(Immutable, flags & Immutable);
        }
        finally
        {
            SetFlagsOf(path, 0);
        }
    }

    [RootTheory(ProductOnly = true)]
    [InlineData(WriteThrough)]
    [InlineData(WriteBack)]
    public unsafe void A_shortage_shows_at_write_or_with_write_back_at_fsync(string mode)
    {
        using Descriptor file = Descriptor.Open(Mount(mode, "text"), OpenFlags.O_WRONLY);
        byte[] piece = new byte[Piece];
        Array.Fill(piece, (byte)0xa5);
        Errno atWrite = default;
        fixed (byte* start = piece)
        {
            // Twice what the tree holds.
            for (long at = 0; at < 64 * Piece && atWrite == default; at += Piece)
            {
                if (Kernel.WriteAt(file.Number, start, Piece, at) < 0) atWrite = Stdlib.GetLastError();
            }
        }
        Errno atSync = Syscall.fsync(file.Number) < 0 ? Stdlib.GetLastError() : default;
        Assert.Equal(mode == WriteBack ? (default, Errno.ENOSPC) : (Errno.ENOSPC, default), (atWrite, atSync));
    }

    [RootFact(ProductOnly = true, Tools = "sync timeout")]
    public void Syncfs_returns_without_the_server()
    {
        string path = Mount(WriteBack, new string('x', Page));
        using Descriptor file = Descriptor.Open(path, OpenFlags.O_RDWR);
        Succeeds(Syscall.fsync(file.Number));
        file.WriteAt(0, new byte[Page]);
        int server = mounted!.ServerProcessId;
        Succeeds(Syscall.kill(server, Signum.SIGSTOP));
        try
        {
            Assert.Equal(0, Tool.Try("timeout", "60", "sync", "--file-system", path).ExitCode);
        }
        finally
        {
            Succeeds(Syscall.kill(server, Signum.SIGCONT));
        }
        Succeeds(Syscall.fsync(file.Number));
    }

    /// <summary>Mounts a small tree with a cache mode, and makes a file in it.</summary>
    private string Mount(string mode, string text)
    {
        mounted = MountedTree.Start("32M", mode);
        string path = Path.Combine(mounted.Root, "file");
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Nanoseconds since 1970.</summary>
    private static long ChangeTimeOf(Descriptor file) =>
        file.Status.st_ctime * 1_000_000_000 + file.Status.st_ctime_nsec;

    /// <summary>Opens the file, and makes it where it is missing.</summary>
    private static long ChangeTimeOf(string path)
    {
        using Descriptor file = Descriptor.Open(path, OpenFlags.O_RDWR | OpenFlags.O_CREAT);
        return ChangeTimeOf(file);
    }

    private static void SetFlagsOf(string path, long flags)
    {
        using Descriptor file = Descriptor.Open(path, OpenFlags.O_RDONLY);
        Succeeds(Kernel.Ioctl(file.Number, SetFlags, ref flags));
    }

    private static void Await(Func<bool> condition)
    {
        System.Diagnostics.Stopwatch waited = System.Diagnostics.Stopwatch.StartNew();
        while (!condition()) Assert.True(waited.Elapsed.TotalSeconds < 30, "the clock of the file system stands still");
    }
}
