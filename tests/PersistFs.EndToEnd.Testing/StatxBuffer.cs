using System.Runtime.InteropServices;

namespace PersistFs.EndToEnd.Testing;

/// <summary>The fields of struct statx that the tests read.</summary>
[StructLayout(LayoutKind.Explicit, Size = 256)]
public struct StatxBuffer
{
    /// <summary>STATX_BTIME in <see cref="Mask"/>.</summary>
    public const uint HasBirthTime = 0x800;

    /// <summary>STATX_MODE in <see cref="Mask"/>.</summary>
    public const uint HasMode = 0x2;

    /// <summary>Which fields are filled in.</summary>
    [FieldOffset(0)] public uint Mask;

    /// <summary>STATX_ATTR_ flags that are set.</summary>
    [FieldOffset(8)] public ulong Attributes;

    /// <summary>Type and permission bits.</summary>
    [FieldOffset(28)] public ushort Mode;

    /// <summary>Bytes.</summary>
    [FieldOffset(40)] public ulong Size;

    /// <summary>Birth time, seconds since 1970.</summary>
    [FieldOffset(80)] public long BirthSeconds;

    /// <summary>Birth time, nanoseconds of the second.</summary>
    [FieldOffset(88)] public uint BirthNanoseconds;

    /// <summary>Change time, seconds since 1970.</summary>
    [FieldOffset(96)] public long ChangeSeconds;
}
