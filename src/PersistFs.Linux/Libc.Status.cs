using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>Files and file systems looked at by path.</summary>
public static unsafe partial class Libc
{
    /// <summary>statx(2) of what <paramref name="path"/> leads to, symbolic links followed.</summary>
    /// <returns>ENOENT, ENOTDIR, EACCES; ENOTCONN for a mount whose server is gone.</returns>
    public static Errno GetStatus(string path, out FileStatus status) =>
        GetStatusAt(WorkingDirectory, path, 0, out status);

    /// <summary>statx(2) of an open file.</summary>
    public static Errno GetStatus(int descriptor, out FileStatus status) =>
        GetStatusAt(descriptor, "", EmptyPath, out status);

    private static Errno GetStatusAt(int directory, string path, int flags, out FileStatus status)
    {
        // struct statx of linux/stat.h, as words of 8 bytes; 256 bytes in all.
        ulong* buffer = stackalloc ulong[32];
        new Span<ulong>(buffer, 32).Clear();
        Errno error = Result(StatusByPathCore(directory, path, flags, StatusBasic, buffer));
        uint* halves = (uint*)buffer;
        uint mode = *(ushort*)((byte*)buffer + 28);
        ulong device = ((ulong)halves[34] << 32) | halves[35];
        ulong special = ((ulong)halves[32] << 32) | halves[33];
        status = new FileStatus(
            mode, halves[5], halves[6], buffer[5], buffer[6] * 512, device, buffer[4], special);
        return error;
    }

    /// <summary>statx(2) of an open device.</summary>
    /// <param name="descriptor">The open file.</param>
    /// <param name="device">
    /// The device it stands for, major in the upper half and minor in the lower; 0 for other files.
    /// </param>
    public static Errno GetDeviceNumber(int descriptor, out ulong device)
    {
        ulong* buffer = stackalloc ulong[32];
        new Span<ulong>(buffer, 32).Clear();
        Errno error = Result(StatusByPathCore(descriptor, "", EmptyPath, StatusBasic, buffer));
        uint* halves = (uint*)buffer;
        device = ((ulong)halves[32] << 32) | halves[33];
        return error;
    }

    /// <summary>statfs(2) of the file system that holds <paramref name="path"/>.</summary>
    public static Errno GetFileSystemStatus(string path, out FileSystemStatus status)
    {
        // struct statfs of asm-generic/statfs.h, as words of 8 bytes; 120 bytes in all.
        ulong* buffer = stackalloc ulong[16];
        new Span<ulong>(buffer, 16).Clear();
        Errno error = Result(FileSystemStatusByPathCore(path, buffer));
        status = new FileSystemStatus(buffer[0], buffer[1], buffer[2], buffer[4]);
        return error;
    }

    /// <summary>
    /// The path without symbolic links, "." and "..". It also answers for a mount point whose server is gone: nothing
    /// is asked of the file itself.
    /// </summary>
    public static Errno ResolvePath(string path, out string resolved)
    {
        resolved = path;
        Errno error = Open(path, OpenFlags.Path | OpenFlags.CloseOnExec, 0, out int descriptor);
        if (error != Errno.OK) return error;
        resolved = new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget ?? path;
        return Close(descriptor);
    }

    private const int EmptyPath = 0x1000;
    private const uint StatusBasic = 0x7FF;

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatusByPathCore(int directory, string path, int flags, uint mask, ulong* buffer);

    [LibraryImport("libc", EntryPoint = "statfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int FileSystemStatusByPathCore(string path, ulong* buffer);
}
