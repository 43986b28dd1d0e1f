using System.Runtime.InteropServices;

namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>O_DIRECT beside the page cache.</summary>
[Collection(PosixCollection.Name)]
public sealed class DirectIoTests(MountedTree tree) : TreeTest(tree)
{
    private const int ReadWriteCreate = 0x42;

    [RootTheory]
    [InlineData(4096)]
    [InlineData(65_536)]
    [InlineData(3 << 20)]
    public void Direct_and_buffered_io_see_each_others_bytes(int length)
    {
        byte[] expected = new byte[length];
        new Random(length).NextBytes(expected);
        using Descriptor direct = Descriptor.Adopt(
            Kernel.Open(At("file"), ReadWriteCreate | Kernel.DirectIo, 420));
        using Descriptor buffered = Descriptor.Open(At("file"), OpenFlags.O_RDWR);
        buffered.WriteAt(0, new byte[length]);
        Assert.Equal(length, Transfer(direct, expected, isWrite: true));
        Assert.Equal(expected, buffered.ReadAt(0, length + 1));
        expected.AsSpan().Reverse();
        buffered.WriteAt(0, expected);
        byte[] actual = new byte[length];
        Assert.Equal(length, Transfer(direct, actual, isWrite: false));
        Assert.Equal(expected, actual);
    }

    [RootFact]
    public void A_direct_write_extends_the_file()
    {
        using Descriptor direct = Descriptor.Adopt(
            Kernel.Open(At("file"), ReadWriteCreate | Kernel.DirectIo, 420));
        Transfer(direct, new byte[8192], isWrite: true);
        Assert.Equal(8192, direct.Size);
        Assert.Equal(8192, StatusOf(At("file")).st_size);
        Assert.Equal(0, Transfer(direct, new byte[4096], isWrite: false, offset: 8192));
    }

    private static unsafe long Transfer(Descriptor file, byte[] bytes, bool isWrite, long offset = 0)
    {
        byte* aligned = (byte*)NativeMemory.AlignedAlloc((nuint)bytes.Length, 4096);
        try
        {
            bytes.CopyTo(new Span<byte>(aligned, bytes.Length));
            long count = Succeeds(isWrite
                ? Kernel.WriteAt(file.Number, aligned, (nuint)bytes.Length, offset)
                : Kernel.ReadAt(file.Number, aligned, (nuint)bytes.Length, offset));
            new Span<byte>(aligned, bytes.Length).CopyTo(bytes);
            return count;
        }
        finally
        {
            NativeMemory.AlignedFree(aligned);
        }
    }
}
