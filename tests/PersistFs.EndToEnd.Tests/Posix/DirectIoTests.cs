using System.Runtime.InteropServices;

namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>O_DIRECT beside the page cache.</summary>
[Collection(PosixCollection.Name)]
public sealed class DirectIoTests(MountedTree tree) : TreeTest(tree)
{
    private const int ReadWriteCreate = 0x42 | CloseOnExec, ReadWrite = 2 | CloseOnExec, CloseOnExec = 0x80000;

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

    [RootFact]
    public unsafe void What_an_asynchronous_direct_write_has_replaced_is_not_read_any_more()
    {
        const int Length = 160 * 4096, Rounds = 200;
        using Descriptor buffered = Descriptor.Create(At("file"));
        buffered.Write(new byte[Length]);
        using Descriptor direct = Descriptor.Adopt(Kernel.Open(At("file"), ReadWrite | Kernel.DirectIo, 0));
        bool isOver = false;
        Thread reader = new(() =>
        {
            using Descriptor other = Descriptor.Open(At("file"), OpenFlags.O_RDONLY);
            while (!Volatile.Read(ref isOver)) other.ReadAt(0, Length);
        });
        reader.Start();
        byte* aligned = (byte*)NativeMemory.AlignedAlloc(Length, 4096);
        try
        {
            for (int round = 1; round <= Rounds; round++)
            {
                new Span<byte>(aligned, Length).Fill((byte)round);
                Assert.Equal(Length, Succeeds(Kernel.WriteAsynchronously(direct.Number, aligned, Length, 0)));
                byte[] found = buffered.ReadAt(0, Length);
                Assert.Equal((round, -1), (round, found.AsSpan().IndexOfAnyExcept((byte)round)));
            }
        }
        finally
        {
            NativeMemory.AlignedFree(aligned);
            Volatile.Write(ref isOver, true);
            reader.Join();
        }
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
