using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>How the manifest begins; its entries follow (FORMAT.md, section 14).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeInBytes)]
internal struct ManifestHeader
{
    public const int SizeInBytes = 16;

    /// <summary>Bytes of all entries, stored last; 0 while there is no manifest.</summary>
    [FieldOffset(0)] public ulong LengthInBytes;

    /// <summary>Of the entries.</summary>
    [FieldOffset(8)] public ulong Checksum;
}
