using Xunit.Sdk;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>One file changed in every way there is, and compared with memory, as fsx does.</summary>
internal sealed unsafe class TakeoverStressFileClient : TakeoverStressClient
{
    private const int SizeMax = 512 * 1024, PageSize = 4096, ReadAndWrite = 3, Shared = 1, SynchronizeAndWait = 4;

    private readonly bool isDirect;
    private readonly byte[] content = GC.AllocateArray<byte>(SizeMax, pinned: true);
    private readonly byte[] bytes = GC.AllocateArray<byte>(SizeMax, pinned: true);
    private Descriptor? file;
    private int size;

    /// <param name="home">A directory that it makes.</param>
    /// <param name="seed">What it does.</param>
    /// <param name="isDirect">Whether it goes past the page cache (O_DIRECT) and maps nothing.</param>
    public TakeoverStressFileClient(string home, int seed, bool isDirect)
        : base(home, seed) => this.isDirect = isDirect;

    public override void Dispose()
    {
        base.Dispose();
        file?.Dispose();
    }

    protected override void Open() => file = Reopen(OpenFlags.O_CREAT | OpenFlags.O_EXCL);

    protected override void Round()
    {
        switch (Random.Next(isDirect ? 9 : 14))
        {
            case 0 or 1: Write(); break;
            case 2 or 3: Read(); break;
            case 4: Truncate(); break;
            case 5: Clear(Kernel.PunchHole); break;
            case 6: Allocate(); break;
            case 7: CopyRange(); break;
            case 8: Synchronize(); break;
            case 9: Clear(Kernel.ZeroRange | Kernel.KeepSize); break;
            case 10 or 11: WriteMapped(); break;
            default: ReadMapped(); break;
        }

        Assert.Equal(size, file!.Size);
    }

    protected override void Close()
    {
        Compare(file!.ReadAt(0, SizeMax), 0, size);
        Succeeds(Syscall.close(file.Number));
        file = Reopen(default);
        Compare(file.ReadAt(0, SizeMax), 0, size);
    }

    private Descriptor Reopen(OpenFlags flags) =>
        Descriptor.Open($"{Home}/file", flags | OpenFlags.O_RDWR | (isDirect ? (OpenFlags)Kernel.DirectIo : default));

    private void Write()
    {
        int offset = Random.Next(SizeMax), length = Length(SizeMax - offset);
        Random.NextBytes(bytes.AsSpan(0, length));
        file!.WriteAt(offset, bytes.AsSpan(0, length));
        Adopt(offset, bytes.AsSpan(0, length));
    }

    private void Read()
    {
        int offset = Random.Next(SizeMax), length = Length(SizeMax - offset);
        Compare(file!.ReadAt(offset, length), offset, Math.Clamp(size - offset, 0, length));
    }

    private void Truncate()
    {
        int wanted = Random.Next(SizeMax);
        Succeeds(Syscall.ftruncate(file!.Number, wanted));
        if (wanted < size) content.AsSpan(wanted..size).Clear();
        size = wanted;
    }

    private void Clear(int mode)
    {
        int offset = Random.Next(SizeMax), length = Length(SizeMax - offset);
        Succeeds(Kernel.Allocate(file!.Number, mode, offset, length));
        content.AsSpan(offset, length).Clear();
    }

    private void Allocate()
    {
        int offset = Random.Next(SizeMax), length = Length(SizeMax - offset);
        bool keepsSize = Random.Next(2) == 0;
        Succeeds(Kernel.Allocate(file!.Number, keepsSize ? Kernel.KeepSize : 0, offset, length));
        if (!keepsSize) size = Math.Max(size, offset + length);
    }

    private void CopyRange()
    {
        int length = Random.Next(1, 1 + Math.Max(size / 2, 1));
        if (2 * length > size) return;
        int from = Random.Next(size - 2 * length + 1), to = from + length;
        content.AsSpan(from, length).CopyTo(bytes);
        for (int done = 0; done < length;)
        {
            long fromOffset = from + done, toOffset = to + done;
            long count = Succeeds(Kernel.CopyRange(
                file!.Number, ref fromOffset, file.Number, ref toOffset, (nuint)(length - done), 0));
            Assert.InRange(count, 1, length - done);
            done += (int)count;
        }

        Adopt(to, bytes.AsSpan(0, length));
    }

    private void Synchronize()
    {
        if (Random.Next(2) == 0) Succeeds(Syscall.fsync(file!.Number));
        else Close();
    }

    private void WriteMapped()
    {
        if (size == 0) return;
        int offset = Random.Next(size), length = Length(size - offset);
        Random.NextBytes(bytes.AsSpan(0, length));
        OnMapping(offset, length, (place, buffer) =>
        {
            Kernel.Copy(place, buffer, (nuint)length);
            nint page = (nint)place & -PageSize;
            nint end = (nint)place + length;
            if (Random.Next(3) == 0) Succeeds(Kernel.Synchronize(page, (nuint)(end - page), SynchronizeAndWait));
        });
        Adopt(offset, bytes.AsSpan(0, length));
    }

    private void ReadMapped()
    {
        if (size == 0) return;
        int offset = Random.Next(size), length = Length(size - offset);
        OnMapping(offset, length, (place, buffer) => Kernel.Copy(buffer, place, (nuint)length));
        Compare(bytes.AsSpan(0, length), offset, length);
    }

    private unsafe delegate void Access(byte* place, byte* buffer);

    private void OnMapping(int offset, int length, Access access)
    {
        int start = offset & -PageSize;
        nuint mapped = (nuint)(offset + length - start);
        nint address = Kernel.Map(0, mapped, ReadAndWrite, Shared, file!.Number, start);
        Succeeds(address);
        fixed (byte* buffer = bytes) access((byte*)address + offset - start, buffer);
        Succeeds(Kernel.Unmap(address, mapped));
    }

    /// <summary>Mostly short, sometimes more than one request carries.</summary>
    private int Length(int lengthMax) =>
        Random.Next(1, 1 + Math.Min(lengthMax, Random.Next(8) == 0 ? SizeMax : 20_000));

    private void Adopt(int offset, ReadOnlySpan<byte> written)
    {
        written.CopyTo(content.AsSpan(offset));
        size = Math.Max(size, offset + written.Length);
    }

    private void Compare(ReadOnlySpan<byte> actual, int offset, int length)
    {
        ReadOnlySpan<byte> expected = content.AsSpan(offset, length);
        if (actual.SequenceEqual(expected)) return;
        int first = actual.CommonPrefixLength(expected);
        throw new XunitException(
            $"{actual.Length} bytes at {offset} instead of {length}, the first wrong one at {offset + first}");
    }
}
