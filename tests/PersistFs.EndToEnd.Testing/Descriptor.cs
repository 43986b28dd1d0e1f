using Mono.Unix.Native;

namespace PersistFs.EndToEnd.Testing;

/// <summary>An open file of the tree under test; every call that fails fails the test.</summary>
public sealed class Descriptor : IDisposable
{
    private Descriptor(int number) => Number = number;

    /// <summary>The file descriptor.</summary>
    public int Number { get; private set; }

    /// <summary>The file's size in bytes, as fstat(2) tells it.</summary>
    public long Size => Status.st_size;

    /// <summary>What fstat(2) tells.</summary>
    public Stat Status
    {
        get
        {
            SystemCall.Succeeds(Syscall.fstat(Number, out Stat status));
            return status;
        }
    }

    /// <summary>open(2), with O_CLOEXEC: a program that another test starts must not keep the tree busy.</summary>
    public static Descriptor Open(string path, OpenFlags flags, int octalMode = 644) =>
        Adopt(Syscall.open(path, flags | OpenFlags.O_CLOEXEC, SystemCall.Mode(octalMode)));

    /// <summary>open(2) with O_RDWR, O_CREAT and O_EXCL.</summary>
    public static Descriptor Create(string path, int octalMode = 644) =>
        Open(path, OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_EXCL, octalMode);

    /// <summary>Takes over a descriptor that a call just returned.</summary>
    public static Descriptor Adopt(long number) => new((int)SystemCall.Succeeds(number));

    /// <summary>pwrite(2) of all bytes.</summary>
    public unsafe void WriteAt(long offset, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            long written = SystemCall.Succeeds(Kernel.WriteAt(Number, start, (nuint)bytes.Length, offset));
            Xunit.Assert.Equal(bytes.Length, written);
        }
    }

    /// <summary>write(2) of all bytes.</summary>
    public unsafe void Write(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            Xunit.Assert.Equal(bytes.Length, SystemCall.Succeeds(Syscall.write(Number, start, (ulong)bytes.Length)));
        }
    }

    /// <summary>pread(2): up to <paramref name="length"/> bytes, fewer only at the end of the file.</summary>
    public unsafe byte[] ReadAt(long offset, int length)
    {
        byte[] bytes = new byte[length];
        fixed (byte* start = bytes)
        {
            long count = SystemCall.Succeeds(Kernel.ReadAt(Number, start, (nuint)length, offset));
            return bytes[..(int)count];
        }
    }

    /// <summary>close(2).</summary>
    public void Dispose()
    {
        if (Number < 0) return;
        // After the server was killed close may report that; the number is free all the same.
        _ = Syscall.close(Number);
        Number = -1;
    }
}
