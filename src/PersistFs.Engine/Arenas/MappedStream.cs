using PersistFs.Linux;

namespace PersistFs.Engine.Arenas;

/// <summary>Reads a mapping all of which has memory behind it; takes it down in the end.</summary>
internal sealed unsafe class MappedStream : UnmanagedMemoryStream
{
    private readonly nint address;
    private readonly nuint length;
    private bool isUnmapped;

    /// <param name="address">First byte of the mapping, which is this stream's from here on.</param>
    /// <param name="length">Its length in bytes.</param>
    public MappedStream(nint address, nuint length)
        : base((byte*)address, (long)length)
    {
        this.address = address;
        this.length = length;
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!isUnmapped) _ = Libc.Unmap(address, length);
        isUnmapped = true;
    }
}
