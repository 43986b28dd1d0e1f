using PersistFs.Engine.Format;

namespace PersistFs.Engine.Volumes;

/// <summary>What a new arena is to be like.</summary>
public sealed record FormatOptions
{
    /// <summary>The smallest size an arena can have.</summary>
    public const ulong SizeMin = Layout.ArenaSizeMin;

    /// <summary>Bytes of contents and structures the arena may grow to; rounded up to 2 MiB.</summary>
    public required ulong SizeMax { get; init; }

    /// <summary>Whether all memory is taken at once and kept, instead of coming and going with the contents.</summary>
    public bool IsFixed { get; init; }

    /// <summary>Whether to overwrite what the file holds, an older arena included.</summary>
    public bool Force { get; init; }

    /// <summary>Permission bits of the root directory.</summary>
    public uint RootMode { get; init; } = 0x1FF | Linux.ModeBits.Sticky;

    public uint RootUserId { get; init; }

    public uint RootGroupId { get; init; }

    /// <summary>Inodes at most; 0 for no limit.</summary>
    public ulong InodeCountMax { get; init; }
}
