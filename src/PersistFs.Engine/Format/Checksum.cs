using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>Checksum of a 4-KiB page whose last word holds it (superblock, root pages).</summary>
internal static class Checksum
{
    private const int PositionInPage = Layout.BlockSizeInBytes - sizeof(ulong);

    /// <summary>Of all bytes of <paramref name="page"/> before its checksum.</summary>
    public static ulong Of<T>(in T page)
        where T : unmanaged =>
        SipHash.Compute(0, 0, MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in page, 1))[..PositionInPage]);
}
