using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>All that is known of one frame (FORMAT.md, section 2).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeInBytes)]
internal struct FrameDescriptor
{
    public const int SizeInBytes = 128;

    /// <summary>Words of the block bitmap.</summary>
    public const int BitmapWords = Layout.BlocksPerFrame / 64;

    /// <summary>State, type and flags in one word, so that a frame changes hands by one store.</summary>
    [FieldOffset(0)] public ulong StateWord;

    /// <summary>Of a worker frame its slot, of a data frame the inode number; else reserved.</summary>
    [FieldOffset(8)] public ulong Owner;

    /// <summary>Of a data frame the first file block it holds; else reserved.</summary>
    [FieldOffset(16)] public ulong Position;

    /// <summary>Bit b is set while block b of a Blocks frame is allocated.</summary>
    [FieldOffset(64)] public BlockBitmap Blocks;

    [InlineArray(BitmapWords)]
    internal struct BlockBitmap
    {
        private ulong word0;
    }
}
