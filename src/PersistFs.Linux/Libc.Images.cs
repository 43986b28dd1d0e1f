using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>Runs of memory written to and read from a place in a file, and files made to last.</summary>
public static unsafe partial class Libc
{
    /// <summary>BLKGETSIZE64 of linux/fs.h.</summary>
    private const uint GetDeviceSize = 0x80081272;

    /// <summary>pwritev(2): the runs, one behind the other, at <paramref name="offset"/>.</summary>
    /// <param name="descriptor">Where to write.</param>
    /// <param name="vectors">At most <see cref="IoVector.CountMax"/> runs of memory.</param>
    /// <param name="offset">Bytes from the file's start.</param>
    /// <param name="count">Bytes written; -1 on an error.</param>
    public static Errno WriteVectorAt(int descriptor, ReadOnlySpan<IoVector> vectors, long offset, out long count)
    {
        fixed (IoVector* first = vectors)
        {
            return Result(count = WriteVectorAtCore(descriptor, first, vectors.Length, offset));
        }
    }

    /// <summary>preadv(2): fills the runs one after the other from <paramref name="offset"/> on.</summary>
    /// <param name="descriptor">Where to read.</param>
    /// <param name="vectors">At most <see cref="IoVector.CountMax"/> runs of memory.</param>
    /// <param name="offset">Bytes from the file's start.</param>
    /// <param name="count">Bytes read, 0 at the end; -1 on an error.</param>
    public static Errno ReadVectorAt(int descriptor, ReadOnlySpan<IoVector> vectors, long offset, out long count)
    {
        fixed (IoVector* first = vectors)
        {
            return Result(count = ReadVectorAtCore(descriptor, first, vectors.Length, offset));
        }
    }

    /// <summary>rename(2): <paramref name="to"/> is the file from one moment to the next, whatever it was.</summary>
    public static Errno Rename(string from, string to) => Result(RenameCore(from, to));

    /// <summary>
    /// Gives a file the owner, the group and then the permission bits of another; the rest of its mode is cleared.
    /// </summary>
    /// <returns>EPERM without the right to give files away: the permissions are as they were then.</returns>
    public static Errno CopyPermissions(SafeHandle from, SafeHandle to)
    {
        Errno error = GetStatus((int)from.DangerousGetHandle(), out FileStatus status);
        if (error != Errno.OK) return error;
        error = Result(ChangeOwnerCore((int)to.DangerousGetHandle(), status.UserId, status.GroupId));
        return error == Errno.OK ? ChangeMode(to, status.Mode & ModeBits.AccessMask) : error;
    }

    /// <summary>fchmod(2).</summary>
    public static Errno ChangeMode(SafeHandle descriptor, uint mode) =>
        Result(ChangeModeCore((int)descriptor.DangerousGetHandle(), mode));

    /// <summary>Bytes of a block device (ioctl BLKGETSIZE64).</summary>
    public static Errno GetBlockDeviceSize(int descriptor, out ulong size)
    {
        ulong value = 0;
        Errno error = DeviceControl(descriptor, GetDeviceSize, (nint)(&value), out _);
        size = value;
        return error;
    }

    [LibraryImport("libc", EntryPoint = "pwritev", SetLastError = true)]
    private static partial nint WriteVectorAtCore(int descriptor, IoVector* vectors, int count, long offset);

    [LibraryImport("libc", EntryPoint = "preadv", SetLastError = true)]
    private static partial nint ReadVectorAtCore(int descriptor, IoVector* vectors, int count, long offset);

    [LibraryImport("libc", EntryPoint = "fchown", SetLastError = true)]
    private static partial int ChangeOwnerCore(int descriptor, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "fchmod", SetLastError = true)]
    private static partial int ChangeModeCore(int descriptor, uint mode);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameCore(string from, string to);
}
