using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>Identity and geometry, written when the arena is formatted or resized (FORMAT.md, section 3).</summary>
[StructLayout(LayoutKind.Explicit, Size = Layout.BlockSizeInBytes)]
internal struct Superblock
{
    [FieldOffset(0)] public ulong Magic;
    [FieldOffset(8)] public uint Version;
    [FieldOffset(12)] public uint FrameSizeInBytes;
    [FieldOffset(16)] public UInt128 Uuid;

    /// <summary>Unknown bits may be ignored.</summary>
    [FieldOffset(32)] public ulong FeaturesCompatible;

    /// <summary>Unknown bits allow only reading.</summary>
    [FieldOffset(40)] public ulong FeaturesReadOnlyCompatible;

    /// <summary>Unknown bits forbid opening.</summary>
    [FieldOffset(48)] public ulong FeaturesIncompatible;
    [FieldOffset(56)] public ulong FrameCountMax;
    [FieldOffset(64)] public ulong FrameTableCapacity;
    [FieldOffset(72)] public ulong HashSeedLow;
    [FieldOffset(80)] public ulong HashSeedHigh;

    /// <summary>Nanoseconds since 1970.</summary>
    [FieldOffset(88)] public long FormattedAt;

    /// <summary>0: frames come and go; 1: all are present from the start.</summary>
    [FieldOffset(96)] public ulong Kind;

    /// <summary>Of two good copies that differ, the one with the higher number counts.</summary>
    [FieldOffset(104)] public ulong Revision;

    /// <summary>Frames of each segment; 0 in an arena that is one piece.</summary>
    [FieldOffset(112)] public ulong SegmentFrameCount;

    /// <summary>How an arena of segments is called: ASCII, padded with NUL.</summary>
    [FieldOffset(120)] public ArenaNameField Name;

    /// <summary>Of all bytes before it.</summary>
    [FieldOffset(4088)] public ulong Checksum;

    public const ulong KindDynamic = 0;
    public const ulong KindFixed = 1;

    /// <summary>Bit of the incompatible features: the arena is a row of segments.</summary>
    public const ulong FeatureSegments = 1 << 2;

    /// <summary>Where reserved bytes begin.</summary>
    public const int ReservedStart = 184;

    public readonly bool IsSegmented => (FeaturesIncompatible & FeatureSegments) != 0;
}
