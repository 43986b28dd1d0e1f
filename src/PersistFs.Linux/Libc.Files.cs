using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>
/// The C library's calls, one file per family: the raw import is private, the public method answers an
/// <see cref="Errno"/> and its results by out parameters. A descriptor is a plain int, closed by the code that opened
/// it.
/// </summary>
public static unsafe partial class Libc
{
    /// <summary>AT_FDCWD: relative paths start at the working directory.</summary>
    public const int WorkingDirectory = -100;

    /// <summary>open(2).</summary>
    /// <param name="path">The file, in UTF-8.</param>
    /// <param name="flags">How to open; CloseOnExec is the caller's to give.</param>
    /// <param name="mode">Permission bits of a file that is created.</param>
    /// <param name="descriptor">The new descriptor, or -1.</param>
    public static Errno Open(string path, OpenFlags flags, uint mode, out int descriptor) =>
        OpenAt(WorkingDirectory, path, flags, mode, out descriptor);

    /// <summary>openat(2): as <see cref="Open"/>, relative to the directory <paramref name="directory"/>.</summary>
    public static Errno OpenAt(int directory, string path, OpenFlags flags, uint mode, out int descriptor) =>
        Result(descriptor = OpenAtCore(directory, path, (int)flags, mode));

    /// <summary>close(2). Never retried: the descriptor is gone even when an error is answered.</summary>
    public static Errno Close(int descriptor) => Result(CloseCore(descriptor));

    /// <summary>read(2): up to the whole of <paramref name="buffer"/>.</summary>
    /// <param name="descriptor">Where to read.</param>
    /// <param name="buffer">What to fill; pinned for the time of the call.</param>
    /// <param name="count">Bytes read, 0 at the end; -1 on an error.</param>
    public static Errno Read(int descriptor, Span<byte> buffer, out int count)
    {
        fixed (byte* address = buffer)
        {
            return Result(count = (int)ReadCore(descriptor, address, (nuint)buffer.Length));
        }
    }

    /// <summary>write(2).</summary>
    /// <param name="descriptor">Where to write.</param>
    /// <param name="buffer">What to write; pinned for the time of the call.</param>
    /// <param name="count">Bytes written; -1 on an error.</param>
    public static Errno Write(int descriptor, ReadOnlySpan<byte> buffer, out int count)
    {
        fixed (byte* address = buffer)
        {
            return Result(count = (int)WriteCore(descriptor, address, (nuint)buffer.Length));
        }
    }

    /// <summary>pread(2) at <paramref name="offset"/> bytes.</summary>
    public static Errno ReadAt(int descriptor, Span<byte> buffer, long offset, out int count)
    {
        fixed (byte* address = buffer)
        {
            return Result(count = (int)ReadAtCore(descriptor, address, (nuint)buffer.Length, offset));
        }
    }

    /// <summary>pwrite(2) at <paramref name="offset"/> bytes.</summary>
    public static Errno WriteAt(int descriptor, ReadOnlySpan<byte> buffer, long offset, out int count)
    {
        fixed (byte* address = buffer)
        {
            return Result(count = (int)WriteAtCore(descriptor, address, (nuint)buffer.Length, offset));
        }
    }

    /// <summary>pwrite(2) until all of it is written, interrupted or not.</summary>
    /// <returns>ENOSPC also where nothing more is taken without an error, as at the end of a device.</returns>
    public static Errno WriteAllAt(int descriptor, ReadOnlySpan<byte> buffer, ulong offset)
    {
        while (!buffer.IsEmpty)
        {
            Errno error = WriteAt(descriptor, buffer, (long)offset, out int count);
            if (error == Errno.EINTR) continue;
            if (error == Errno.OK && count == 0) error = Errno.ENOSPC;
            if (error != Errno.OK) return error;
            offset += (ulong)count;
            buffer = buffer[count..];
        }
        return Errno.OK;
    }

    /// <summary>writev(2).</summary>
    /// <param name="descriptor">Where to write.</param>
    /// <param name="vectors">At most <see cref="IoVector.CountMax"/> runs of memory, written in order.</param>
    /// <param name="count">Bytes written; -1 on an error.</param>
    public static Errno WriteVector(int descriptor, ReadOnlySpan<IoVector> vectors, out long count)
    {
        fixed (IoVector* first = vectors)
        {
            return Result(count = WriteVectorCore(descriptor, first, vectors.Length));
        }
    }

    /// <summary>The outcome of a call that returned <paramref name="value"/>: errno where it is -1.</summary>
    private static Errno Result(long value) => value == -1 ? (Errno)Marshal.GetLastPInvokeError() : Errno.OK;

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenAtCore(int directory, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int CloseCore(int descriptor);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint ReadCore(int descriptor, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteCore(int descriptor, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    private static partial nint ReadAtCore(int descriptor, byte* buffer, nuint length, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    private static partial nint WriteAtCore(int descriptor, byte* buffer, nuint length, long offset);

    [LibraryImport("libc", EntryPoint = "writev", SetLastError = true)]
    private static partial nint WriteVectorCore(int descriptor, IoVector* vectors, int count);
}
