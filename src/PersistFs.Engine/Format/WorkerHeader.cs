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

    /// <summary>The request that is being executed, 0 between two; with its session.</summary>
    [FieldOffset(0x10)] public ulong RequestInHand;
    [FieldOffset(0x18)] public ulong RequestSession;

    /// <summary>
    /// The request that lowers lookup counts one after the other, with its session, and how many it has lowered.
    /// </summary>
    [FieldOffset(0x20)] public ulong ForgetRequest;
    [FieldOffset(0x28)] public ulong ForgetSession;
    [FieldOffset(ForgottenOffset)] public ulong Forgotten;

    /// <summary>Requests that were in hand when a server died.</summary>
    [FieldOffset(0x40)] public SuspectEntries Suspects;

    /// <summary>This worker's share of each instance's count of inodes; may be negative.</summary>
    [FieldOffset(InodeCountsOffset)] public InodeCounts Inodes;

    public const int InodeCountsOffset = 0x200;
    public const int InodeCountsSizeInBytes = Layout.InstanceCount * sizeof(long);

    [InlineArray(Layout.InstanceCount)]
    internal struct InodeCounts
    {
        private long count0;
    }

    [InlineArray(SuspectCount)]
    internal struct SuspectEntries
    {
        private QuarantineEntry entry0;
    }

    public const int ForgottenOffset = 0x30;
    public const int SuspectCount = 16;
    public const ulong UndoOffset = 0x1000;
    public const int UndoCapacity = 16128;
    public const ulong FreesOffset = 0x40000;
    public const int FreesCapacity = 16384;
    public const ulong CompletionsOffset = 0x60000;
    public const int CompletionCount = 128;
    public const ulong ListingsOffset = 0x68000;
    public const int ListingCount = 3;
    public const int RecordsSizeInBytes = CompletionCount * CompletionRecord.SizeInBytes
        + ListingCount * ListingRecord.SizeInBytes;
    public const ulong RequestBufferOffset = 0x80000;
    public const int RequestBufferSizeInBytes = (1024 + 64) * 1024;
    public const ulong ReplyBufferOffset = 0x190000;
    public const int ReplyBufferSizeInBytes = 448 * 1024;
}
