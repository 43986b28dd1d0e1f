using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>What precedes the name of an extended attribute (FORMAT.md, section 11).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeInBytes)]
internal struct AttributeHeader
{
    public const int SizeInBytes = 16;

    /// <summary>XATTR_SIZE_MAX of linux/limits.h.</summary>
    public const int ValueLengthMax = 65536;

    /// <summary>Blocks that hold the longest value, with one to spare.</summary>
    public const int ValueBlockCount = 17;

    [FieldOffset(0)] public ulong Next;
    [FieldOffset(8)] public uint ValueLength;
    [FieldOffset(12)] public ushort NameLength;

    /// <summary>1 if the value lies in blocks of its own.</summary>
    [FieldOffset(14)] public byte IsIndirect;
    [FieldOffset(15)] public byte Reserved;
}
