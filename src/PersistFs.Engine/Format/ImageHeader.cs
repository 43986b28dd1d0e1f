using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>The first page of a saved image, and once more its last (FORMAT.md, section 15).</summary>
[StructLayout(LayoutKind.Explicit, Size = Layout.BlockSizeInBytes)]
internal struct ImageHeader
{
    /// <summary>The ASCII bytes PERSISTI, read as a little-endian word.</summary>
    public const ulong MagicValue = 0x4954534953524550;
    public const uint VersionValue = 1;

    [FieldOffset(0)] public ulong Magic;
    [FieldOffset(8)] public uint Version;
    [FieldOffset(12)] public uint FrameSizeInBytes;
    [FieldOffset(16)] public UInt128 Uuid;

    /// <summary>Unknown bits forbid restoring.</summary>
    [FieldOffset(32)] public ulong FeaturesIncompatible;
    [FieldOffset(40)] public ulong FrameCountMax;
    [FieldOffset(48)] public ulong FrameTableCapacity;

    /// <summary>Times the arena had been opened.</summary>
    [FieldOffset(56)] public ulong TimesOpened;

    /// <summary>The moment whose state this is, in nanoseconds since 1970.</summary>
    [FieldOffset(64)] public long SavedAt;

    /// <summary>Entries of the index.</summary>
    [FieldOffset(72)] public ulong ChunkCount;
    [FieldOffset(80)] public ulong IndexOffset;

    /// <summary>XxHash3 of the index, its padding included.</summary>
    [FieldOffset(88)] public ulong IndexChecksum;

    /// <summary>Bytes of the image, from the header to the trailer.</summary>
    [FieldOffset(96)] public ulong LengthInBytes;

    /// <summary>Blocks in all chunks.</summary>
    [FieldOffset(104)] public ulong BlockCount;

    /// <summary>Of all bytes before it.</summary>
    [FieldOffset(4088)] public ulong Checksum;

    /// <summary>The arena's identity, its bytes in the order in which they lie here.</summary>
    public readonly Guid Identity =>
        new(MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in Uuid, 1)), bigEndian: true);

    /// <summary>Bytes of an index of as many entries, padding included.</summary>
    public static ulong IndexLengthOf(ulong chunkCount) =>
        (chunkCount * ChunkEntry.SizeInBytes + Layout.BlockSizeInBytes - 1) & ~(ulong)(Layout.BlockSizeInBytes - 1);
}
