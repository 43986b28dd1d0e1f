using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>struct iovec of readv(2) and writev(2): a run of native memory, address first, then its length.</summary>
/// <remarks>Never names memory the garbage collector may move; its maker keeps the memory valid.</remarks>
[StructLayout(LayoutKind.Sequential)]
public readonly struct IoVector(nint address, nuint lengthInBytes)
{
    /// <summary>UIO_MAXIOV of linux/uio.h: the most vectors one readv or writev takes.</summary>
    public const int CountMax = 1024;

    /// <summary>iov_base.</summary>
    public readonly nint Address = address;

    /// <summary>iov_len, in bytes.</summary>
    public readonly nuint LengthInBytes = lengthInBytes;

    /// <summary>The memory itself; at most 2 GiB of it can be seen through one span.</summary>
    public unsafe Span<byte> AsSpan() => new((void*)Address, checked((int)LengthInBytes));

    /// <summary>The part from <paramref name="offset"/> on, <paramref name="length"/> bytes long.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part is not within the whole.</exception>
    public IoVector Slice(int offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((nuint)offset + (nuint)length, LengthInBytes, nameof(length));
        return new IoVector(Address + offset, (nuint)length);
    }

    /// <summary>Runs of memory without their first bytes, for a call that has dealt with only so many.</summary>
    /// <param name="runs">The runs; the first that is left may be changed.</param>
    /// <param name="count">Bytes that are done, no more than there are.</param>
    public static Span<IoVector> Behind(Span<IoVector> runs, nuint count)
    {
        while (!runs.IsEmpty && count >= runs[0].LengthInBytes)
        {
            count -= runs[0].LengthInBytes;
            runs = runs[1..];
        }
        if (count > 0) runs[0] = new IoVector(runs[0].Address + (nint)count, runs[0].LengthInBytes - count);
        return runs;
    }
}
