using System.Numerics;
using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>One frame of a saved image: which of its blocks there are, and where (FORMAT.md, section 15).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeInBytes)]
internal struct ChunkEntry
{
    public const int SizeInBytes = 96;

    /// <summary>Index of the frame in the arena.</summary>
    [FieldOffset(0)] public ulong Frame;

    /// <summary>Where its blocks begin in the image; 0 if it has none there.</summary>
    [FieldOffset(8)] public ulong Offset;

    /// <summary>XxHash3 of its blocks, one behind the other; 0 if there are none.</summary>
    [FieldOffset(16)] public ulong Checksum;
    [FieldOffset(24)] public ulong Reserved;

    /// <summary>Bit b is set: block b is in the image. The others read as zero after a restore.</summary>
    [FieldOffset(32)] public FrameDescriptor.BlockBitmap Blocks;

    /// <summary>Blocks in the image.</summary>
    public readonly int BlockCount
    {
        get
        {
            int count = 0;
            foreach (ulong word in (ReadOnlySpan<ulong>)Blocks) count += BitOperations.PopCount(word);
            return count;
        }
    }
}
