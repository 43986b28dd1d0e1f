using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>The first block of a worker frame (FORMAT.md, section 6).</summary>
[StructLayout(LayoutKind.Explicit, Size = Layout.BlockSizeInBytes)]
internal struct WorkerHeader
{
    /// <summary>A <see cref="JournalWord"/>.</summary>
    [FieldOffset(0)] public ulong JournalState;

    /// <summary>Inode generations this worker has given out.</summary>
    [FieldOffset(8)] public ulong Generations;

    /// <summary>This worker's share of each instance's count of inodes; may be negative.</summary>
    [FieldOffset(0x200)] public InodeCounts Inodes;

    public const int InodeCountsOffset = 0x200;
    public const int InodeCountsSizeInBytes = Layout.InstanceCount * sizeof(long);

    [InlineArray(Layout.InstanceCount)]
    internal struct InodeCounts
    {
        private long count0;
    }

    public const ulong UndoOffset = 0x1000;
    public const int UndoCapacity = 16128;
    public const ulong FreesOffset = 0x40000;
    public const int FreesCapacity = 16384;
    public const ulong RequestBufferOffset = 0x80000;
    public const int RequestBufferSizeInBytes = (1024 + 64) * 1024;
    public const ulong ReplyBufferOffset = 0x190000;
    public const int ReplyBufferSizeInBytes = 448 * 1024;
}
