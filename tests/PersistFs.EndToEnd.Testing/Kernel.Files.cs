using System.Runtime.InteropServices;

namespace PersistFs.EndToEnd.Testing;

/// <summary>System calls that Mono.Posix has no name for; each fails as its manual page says: -1 and errno.</summary>
public static partial class Kernel
{
    /// <summary>AT_FDCWD.</summary>
    public const int WorkingDirectory = -100;

    /// <summary>AT_EMPTY_PATH.</summary>
    public const int EmptyPath = 0x1000;

    /// <summary>AT_SYMLINK_FOLLOW.</summary>
    public const int FollowSymlink = 0x400;

    /// <summary>O_TMPFILE, O_DIRECTORY included.</summary>
    public const int TemporaryFile = 0x410000;

    /// <summary>O_PATH.</summary>
    public const int PathOnly = 0x200000;

    /// <summary>O_DIRECT.</summary>
    public const int DirectIo = 0x4000;

    /// <summary>SEEK_DATA.</summary>
    public const int SeekData = 3;

    /// <summary>SEEK_HOLE.</summary>
    public const int SeekHole = 4;

    /// <summary>FALLOC_FL_KEEP_SIZE.</summary>
    public const int KeepSize = 1;

    /// <summary>FALLOC_FL_PUNCH_HOLE, with the KEEP_SIZE it requires.</summary>
    public const int PunchHole = 3;

    /// <summary>FALLOC_FL_ZERO_RANGE.</summary>
    public const int ZeroRange = 0x10;

    /// <summary>FALLOC_FL_COLLAPSE_RANGE.</summary>
    public const int CollapseRange = 0x8;

    /// <summary>RENAME_NOREPLACE.</summary>
    public const uint NoReplace = 1;

    /// <summary>RENAME_EXCHANGE.</summary>
    public const uint Exchange = 2;

    /// <summary>RENAME_WHITEOUT.</summary>
    public const uint Whiteout = 4;

    /// <summary>open(2) with flags as the kernel numbers them.</summary>
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, uint mode);

    /// <summary>open(2) of a path of any bytes, NUL at its end.</summary>
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true)]
    public static partial int OpenBytes(byte[] path, int flags, uint mode);

    /// <summary>unlink(2) of a path of any bytes, NUL at its end.</summary>
    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true)]
    public static partial int UnlinkBytes(byte[] path);

    /// <summary>symlink(2) with any bytes, NUL at their end.</summary>
    [LibraryImport("libc", EntryPoint = "symlink", SetLastError = true)]
    public static partial int SymlinkBytes(byte[] target, byte[] path);

    /// <summary>renameat2(2).</summary>
    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RenameAt2(int oldDirectory, string oldPath, int newDirectory, string newPath, uint flags);

    /// <summary>renameat2(2) relative to the working directory.</summary>
    public static int Rename2(string oldPath, string newPath, uint flags) =>
        RenameAt2(WorkingDirectory, oldPath, WorkingDirectory, newPath, flags);

    /// <summary>linkat(2).</summary>
    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int LinkAt(int oldDirectory, string oldPath, int newDirectory, string newPath, int flags);

    /// <summary>fallocate(2).</summary>
    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(int file, int mode, long offset, long length);

    /// <summary>lseek(2), SEEK_DATA and SEEK_HOLE included.</summary>
    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static partial long Seek(int file, long offset, int whence);

    /// <summary>copy_file_range(2).</summary>
    [LibraryImport("libc", EntryPoint = "copy_file_range", SetLastError = true)]
    public static partial long CopyRange(int from, ref long fromOffset, int to, ref long toOffset, nuint length,
        uint flags);

    /// <summary>flock(2).</summary>
    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static partial int Flock(int file, int operation);

    /// <summary>fcntl(2) with a struct flock.</summary>
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static partial int FcntlLock(int file, int command, ref FileLock fileLock);

    /// <summary>ioctl(2) with an argument of eight bytes at most, in and out.</summary>
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Ioctl(int file, nuint request, ref long argument);

    /// <summary>ioctl(2) with a struct fsxattr.</summary>
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int IoctlBytes(int file, nuint request, byte[] argument);

    /// <summary>listxattr(2).</summary>
    [LibraryImport("libc", EntryPoint = "listxattr", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint ListAttributes(string path, byte[] names, nuint length);

    /// <summary>pread(2).</summary>
    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    public static unsafe partial nint ReadAt(int file, byte* buffer, nuint length, long offset);

    /// <summary>pwrite(2).</summary>
    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    public static unsafe partial nint WriteAt(int file, byte* buffer, nuint length, long offset);

    /// <summary>statx(2) with every field asked for.</summary>
    public static int Statx(int directory, string path, int flags, out StatxBuffer buffer) =>
        Statx(directory, path, flags, 0xfff, out buffer);

    /// <summary>statx(2) with a mask of the fields asked for.</summary>
    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Statx(int directory, string path, int flags, uint mask, out StatxBuffer buffer);
}
