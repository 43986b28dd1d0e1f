using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>How an entry of the manifest begins; its value follows, padded to 8 bytes.</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeInBytes)]
internal struct ManifestEntry
{
    public const int SizeInBytes = 8;

    /// <summary>The value says where and how the tree is mounted, as the server wants to have it told.</summary>
    public const uint TypeMount = 1;

    /// <summary>What the value is; unknown types are skipped.</summary>
    [FieldOffset(0)] public uint Type;

    /// <summary>Bytes of value, without padding.</summary>
    [FieldOffset(4)] public uint LengthInBytes;
}
