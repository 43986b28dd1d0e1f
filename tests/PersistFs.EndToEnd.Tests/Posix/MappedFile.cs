namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>A mapping of a file, unmapped when disposed.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private const int ReadAndWrite = 3, SharedFlag = 1, PrivateFlag = 2, SynchronizeAndWait = 4;

    private readonly nint address;
    private readonly int length;

    public MappedFile(Descriptor file, int length, bool isShared)
    {
        this.length = length;
        address = Kernel.Map(0, (nuint)length, ReadAndWrite, isShared ? SharedFlag : PrivateFlag, file.Number, 0);
        Succeeds(address);
    }

    public Span<byte> Bytes => new((void*)address, length);

    public void Synchronize() => Succeeds(Kernel.Synchronize(address, (nuint)length, SynchronizeAndWait));

    public void Dispose() => Succeeds(Kernel.Unmap(address, (nuint)length));
}
