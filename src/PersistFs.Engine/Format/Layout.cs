namespace PersistFs.Engine.Format;

/// <summary>Sizes, positions and limits of the arena format (FORMAT.md).</summary>
internal static class Layout
{
    /// <summary>The ASCII bytes PERSISTF, read as a little-endian word.</summary>
    public const ulong Magic = 0x4654534953524550;

    /// <summary>
    /// The ASCII bytes PERSISTU in the place of the magic: what is here is a format that was not finished.
    /// </summary>
    public const ulong UnfinishedMagic = 0x5554534953524550;
    public const uint Version = 1;

    public const int FrameSizeInBytes = 2 * 1024 * 1024;
    public const int FrameSizeLog2 = 21;
    public const int BlockSizeInBytes = 4096;
    public const int BlockSizeLog2 = 12;
    public const int BlocksPerFrame = FrameSizeInBytes / BlockSizeInBytes;

    /// <summary>Blocks 0 and 1 of a Blocks frame hold the descriptors of all its blocks.</summary>
    public const int DescriptorBlocksPerFrame = 2;
    public const int UsableBlocksPerFrame = BlocksPerFrame - DescriptorBlocksPerFrame;

    public const ulong RootPageOffset = 0x1000;
    public const int RootPageCount = 2;
    public const ulong WorkerTableOffset = 0x3000;
    public const int WorkerSlotCount = 64;
    public const ulong InstanceTableOffset = 0x4000;
    public const int InstanceCount = 64;
    public const ulong PendingListsOffset = 0x8000;
    public const int PendingListCount = 16;
    public const int PendingListStrideInBytes = 64;
    public const ulong OwnerRecordOffset = 0x9000;
    public const int OwnerRecordSizeInBytes = 0x1000;
    public const ulong ManifestOffset = 0xA000;
    public const int ManifestSizeInBytes = 0x6000;

    /// <summary>How many segments there are, in an arena of segments.</summary>
    public const ulong SegmentCountOffset = 0x10000;
    public const ulong SuperblockCopyOffset = 0xFF000;
    public const ulong FrameTableOffset = 0x100000;
    public const ulong FrameTableCapacityMin = 8192;

    /// <summary>Where undo entries may point in frame 0: the instance table and the pending lists.</summary>
    public const ulong JournaledAreaStart = InstanceTableOffset;
    public const ulong JournaledAreaEnd = OwnerRecordOffset;

    public const ulong FrameCountMin = 4;

    /// <summary>Bytes of contents and structures that an arena is made for at least.</summary>
    public const ulong ArenaSizeMin = 16UL * 1024 * 1024;

    /// <summary>Segments at most: each is an open file, and held twice where it outlives the kernel.</summary>
    public const int SegmentCountMax = 64;
    public const ulong SegmentFrameCountMin = 8;

    /// <summary>2^33 frames, 16 PiB: offsets have 56 bits in journal entries, with room to spare.</summary>
    public const ulong FrameCountLimit = 1UL << 33;

    public const uint SessionMax = (1 << 24) - 1;

    /// <summary>Record of the instance in a slot, 0 to <see cref="InstanceCount"/> - 1.</summary>
    public static ArenaPointer InstanceAt(int slot) =>
        new(InstanceTableOffset + (ulong)(uint)slot * InstanceRecord.SizeInBytes);
}
