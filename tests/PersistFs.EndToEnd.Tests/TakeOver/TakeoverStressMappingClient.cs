namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>
/// A file mapped all the time (MAP_SHARED) and written there; read(2) shows the same bytes, before and after msync(2).
/// </summary>
internal sealed unsafe class TakeoverStressMappingClient(string home, int seed) : TakeoverStressClient(home, seed)
{
    private const int Size = 256 * 1024, PageSize = 4096, ReadAndWrite = 3, Shared = 1, SynchronizeAndWait = 4;

    private readonly byte[] content = GC.AllocateArray<byte>(Size, pinned: true);
    private Descriptor? file;
    private nint address;

    public override void Dispose()
    {
        base.Dispose();
        file?.Dispose();
    }

    protected override void Open()
    {
        file = Descriptor.Create($"{Home}/mapped");
        Succeeds(Syscall.ftruncate(file.Number, Size));
        address = Kernel.Map(0, Size, ReadAndWrite, Shared, file.Number, 0);
        Succeeds(address);
    }

    protected override void Round()
    {
        for (int i = Random.Next(20); i >= 0; i--)
        {
            int offset = Random.Next(Size), length = Random.Next(1, 1 + Math.Min(Size - offset, 3 * PageSize));
            Random.NextBytes(content.AsSpan(offset, length));
            fixed (byte* bytes = content) Kernel.Copy((byte*)address + offset, bytes + offset, (nuint)length);
        }

        if (Random.Next(4) == 0) CheckByReading();
        int start = Random.Next(Size / PageSize) * PageSize;
        Succeeds(Kernel.Synchronize(address + start, (nuint)(Size - start), SynchronizeAndWait));
        Succeeds(Syscall.fsync(file!.Number));
    }

    protected override void Close()
    {
        CheckByReading();
        Succeeds(Kernel.Unmap(address, Size));
    }

    private void CheckByReading()
    {
        using Descriptor other = Descriptor.Open($"{Home}/mapped", OpenFlags.O_RDONLY);
        Assert.Equal(content, other.ReadAt(0, Size + 1));
    }
}
