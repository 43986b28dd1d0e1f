using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>Pages that the kernel keeps of files, and bringing them where they belong.</summary>
public static unsafe partial class Libc
{
    private const int CacheStatusCall = 451;
    private const uint RangeWaitBefore = 1;
    private const uint RangeWrite = 2;
    private const uint RangeWaitAfter = 4;

    /// <summary>fsync(2).</summary>
    public static Errno Synchronize(int descriptor) => Result(SynchronizeCore(descriptor));

    /// <summary>
    /// syncfs(2) of the file system that holds the file. On FUSE it has the kernel begin to write pages, and waits for
    /// none.
    /// </summary>
    public static Errno SynchronizeFileSystem(int descriptor) => Result(SynchronizeFileSystemCore(descriptor));

    /// <summary>
    /// sync_file_range(2) of the whole file: its pages are written when it returns; its times need not be.
    /// </summary>
    public static Errno SynchronizePages(int descriptor) =>
        Result(SynchronizeRangeCore(descriptor, 0, 0, RangeWaitBefore | RangeWrite | RangeWaitAfter));

    /// <summary>cachestat(2) of the whole file: how many pages are to be written, and are being written.</summary>
    /// <returns>ENOSYS before Linux 6.5.</returns>
    public static Errno CountDirtyPages(int descriptor, out ulong pages)
    {
        // struct cachestat_range: offset, length, 0 for all. struct cachestat: pages cached, dirty, in write-back,
        // evicted, recently evicted.
        ulong* range = stackalloc ulong[2] { 0, 0 };
        ulong* counts = stackalloc ulong[5];
        Errno error = Result(CacheStatusCore(CacheStatusCall, descriptor, range, counts, 0));
        pages = error == Errno.OK ? counts[1] + counts[2] : 0;
        return error;
    }

    /// <summary>open_by_handle_at(2).</summary>
    /// <param name="mount">Any open file of the file system.</param>
    /// <param name="type">Type of the handle, as its file system numbers them.</param>
    /// <param name="handle">The handle's bytes, at most 128.</param>
    /// <param name="flags">How to open; CloseOnExec is the caller's to give.</param>
    /// <param name="descriptor">The new descriptor, or -1.</param>
    /// <returns>ESTALE when there is no such file any more; EPERM without the right to open files by handle.</returns>
    public static Errno OpenByHandle(
        int mount, int type, ReadOnlySpan<byte> handle, OpenFlags flags, out int descriptor)
    {
        const int HandleLengthMax = 128;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(handle.Length, HandleLengthMax, nameof(handle));
        // struct file_handle: length and type, 4 bytes each, then the bytes.
        int* buffer = stackalloc int[2 + HandleLengthMax / sizeof(int)];
        buffer[0] = handle.Length;
        buffer[1] = type;
        handle.CopyTo(new Span<byte>(buffer + 2, HandleLengthMax));
        return Result(descriptor = OpenByHandleCore(mount, buffer, (int)flags));
    }

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int SynchronizeCore(int descriptor);

    [LibraryImport("libc", EntryPoint = "syncfs", SetLastError = true)]
    private static partial int SynchronizeFileSystemCore(int descriptor);

    [LibraryImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    private static partial int SynchronizeRangeCore(int descriptor, long offset, long length, uint flags);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint CacheStatusCore(nint number, nint descriptor, ulong* range, ulong* counts, nint flags);

    [LibraryImport("libc", EntryPoint = "open_by_handle_at", SetLastError = true)]
    private static partial int OpenByHandleCore(int mount, int* handle, int flags);
}
