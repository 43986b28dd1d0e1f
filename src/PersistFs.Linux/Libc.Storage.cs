using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>The backing of an arena: room in a file, its lock and its file system.</summary>
public static partial class Libc
{
    /// <summary>f_type of a hugetlbfs, a tmpfs (linux/magic.h).</summary>
    public const ulong HugetlbfsMagic = 0x958458f6;
    public const ulong TmpfsMagic = 0x01021994;

    private const int FallocateKeepSize = 1;
    private const int FallocatePunchHole = 2;
    private const int FcntlGetOpenFileLock = 36;
    private const int FcntlSetOpenFileLock = 37;
    private const int FcntlAwaitOpenFileLock = 38;
    private const short LockWrite = 1;
    private const short LockNone = 2;

    /// <summary>fallocate(2): reserves memory or disk space for the range; zero where there was none.</summary>
    /// <returns>ENOSPC when there is none; EOPNOTSUPP where the file system cannot.</returns>
    public static Errno Reserve(SafeHandle descriptor, ulong offset, ulong length) =>
        Retry(descriptor, FallocateKeepSize, offset, length);

    /// <summary>fallocate(2) with PUNCH_HOLE: gives what is behind the range back; it reads as zero.</summary>
    public static Errno PunchHole(SafeHandle descriptor, ulong offset, ulong length) =>
        Retry(descriptor, FallocateKeepSize | FallocatePunchHole, offset, length);

    /// <summary>fdatasync(2): what was stored to the file, through mappings too, is on its device.</summary>
    public static Errno SynchronizeData(SafeHandle descriptor) =>
        SynchronizeDataCore((int)descriptor.DangerousGetHandle()) == 0 ? Errno.OK : LastErrno();

    /// <summary>ftruncate(2).</summary>
    public static Errno Truncate(SafeHandle descriptor, ulong length) =>
        TruncateCore((int)descriptor.DangerousGetHandle(), (long)length) == 0 ? Errno.OK : LastErrno();

    /// <summary>
    /// Takes an exclusive lock on the open file description; it goes when the last descriptor and mapping of it do.
    /// </summary>
    /// <returns>EAGAIN when another open file holds one (fcntl(2), F_OFD_SETLK).</returns>
    public static Errno LockOpenFile(SafeHandle descriptor) => ChangeLock(descriptor, FcntlSetOpenFileLock, LockWrite);

    /// <summary>As <see cref="LockOpenFile"/>; waits until no other open file holds one (F_OFD_SETLKW).</summary>
    public static Errno AwaitOpenFileLock(SafeHandle descriptor)
    {
        Errno error;
        do
        {
            error = ChangeLock(descriptor, FcntlAwaitOpenFileLock, LockWrite);
        }
        while (error == Errno.EINTR);
        return error;
    }

    /// <summary>Gives the lock back, whatever still refers to the open file.</summary>
    public static Errno UnlockOpenFile(SafeHandle descriptor) => ChangeLock(descriptor, FcntlSetOpenFileLock, LockNone);

    /// <summary>
    /// Whether <see cref="LockOpenFile"/> would fail now because another open file holds the lock; takes none itself.
    /// </summary>
    public static unsafe Errno IsOpenFileLocked(SafeHandle descriptor, out bool isLocked)
    {
        var request = new FileLock { Type = LockWrite };
        int result = FcntlCore((int)descriptor.DangerousGetHandle(), FcntlGetOpenFileLock, &request);
        isLocked = result == 0 && request.Type != LockNone;
        return result == 0 ? Errno.OK : LastErrno();
    }

    /// <summary>
    /// flock(2): a lock of the open file as a whole, which its duplicates and what this process starts share.
    /// </summary>
    /// <param name="descriptor">The file.</param>
    /// <param name="isExclusive">Whether no other open file may hold one; a lock held already is changed.</param>
    /// <param name="waits">Whether to wait for it.</param>
    /// <returns>EWOULDBLOCK, which is EAGAIN, when it cannot be had now.</returns>
    public static Errno LockFile(int descriptor, bool isExclusive, bool waits) =>
        FileLockCore(descriptor, (isExclusive ? 2 : 1) | (waits ? 0 : 4)) == 0 ? Errno.OK : LastErrno();

    /// <summary>statfs(2): type of the file system that holds the file.</summary>
    public static unsafe Errno FileSystemType(SafeHandle descriptor, out ulong type)
    {
        // struct statfs has 120 bytes on 64-bit systems and begins with f_type.
        ulong* buffer = stackalloc ulong[16];
        int result = FileSystemStatusCore((int)descriptor.DangerousGetHandle(), buffer);
        type = buffer[0];
        return result == 0 ? Errno.OK : LastErrno();
    }

    /// <summary>fstat(2): size in bytes and memory or disk space taken, in bytes.</summary>
    public static unsafe Errno FileExtent(SafeHandle descriptor, out ulong size, out ulong allocated)
    {
        // struct statx: stx_size at 40, stx_blocks (512 bytes each) at 48, 256 bytes in all (linux/stat.h).
        ulong* buffer = stackalloc ulong[32];
        byte empty = 0;
        int result = StatusCore((int)descriptor.DangerousGetHandle(), &empty, 0x1000, 0x7FF, buffer);
        size = buffer[5];
        allocated = buffer[6] * 512;
        return result == 0 ? Errno.OK : LastErrno();
    }

    private static unsafe Errno ChangeLock(SafeHandle descriptor, int command, short type)
    {
        FileLock request = new() { Type = type };
        int result = FcntlCore((int)descriptor.DangerousGetHandle(), command, &request);
        return result == 0 ? Errno.OK : LastErrno();
    }

    private static Errno Retry(SafeHandle descriptor, int mode, ulong offset, ulong length)
    {
        while (true)
        {
            if (FallocateCore((int)descriptor.DangerousGetHandle(), mode, (long)offset, (long)length) == 0)
            {
                return Errno.OK;
            }
            Errno error = LastErrno();
            if (error != Errno.EINTR) return error;
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct FileLock
    {
        public short Type;
        public short Whence;
        public long Start;
        public long Length;
        public int ProcessId;
    }

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int FileLockCore(int descriptor, int operation);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int FallocateCore(int descriptor, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int TruncateCore(int descriptor, long length);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int SynchronizeDataCore(int descriptor);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static unsafe partial int FcntlCore(int descriptor, int command, FileLock* request);

    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    private static unsafe partial int FileSystemStatusCore(int descriptor, ulong* buffer);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true)]
    private static unsafe partial int StatusCore(int directory, byte* path, int flags, uint mask, ulong* buffer);
}
