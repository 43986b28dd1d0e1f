using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Image;

/// <summary>Finds out which blocks of a frame an image has to hold: those in use that are not all zero.</summary>
/// <remarks>The frame is in use, and stays present for the time of a call.</remarks>
internal sealed class FrameCopier(Arena arena, FrameTable table)
{
    /// <summary>The most runs of neighbouring blocks that a frame can have.</summary>
    public const int RunsMax = Layout.BlocksPerFrame / 2;

    private const int BitsPerWord = 64;
    private const int BufferBlock = (int)(WorkerHeader.RequestBufferOffset >> Layout.BlockSizeLog2);

    /// <summary>Finds the blocks that an image has to hold.</summary>
    /// <returns>How many they are.</returns>
    public int Select(uint frame, out FrameDescriptor.BlockBitmap kept)
    {
        kept = default;
        FrameDescriptor.BlockBitmap used = UsedBlocks(frame);
        ReadOnlySpan<byte> bytes = arena.Bytes(ArenaPointer.OfFrame(frame), Layout.FrameSizeInBytes);
        int count = 0;
        for (int block = 0; block < Layout.BlocksPerFrame; block++)
        {
            if (!Has(in used, block) || IsZero(BlockOf(bytes, block))) continue;
            kept[block / BitsPerWord] |= 1UL << block % BitsPerWord;
            count++;
        }
        return count;
    }

    /// <summary>Copies the blocks that an image has to hold, one behind the other.</summary>
    /// <remarks>Somebody may store to the frame meanwhile; then any part of that may be in the copy.</remarks>
    /// <returns>How many they are.</returns>
    public int Copy(uint frame, Span<byte> target, out FrameDescriptor.BlockBitmap kept)
    {
        kept = default;
        FrameDescriptor.BlockBitmap used = UsedBlocks(frame);
        ReadOnlySpan<byte> bytes = arena.Bytes(ArenaPointer.OfFrame(frame), Layout.FrameSizeInBytes);
        int count = 0;
        for (int block = 0; block < Layout.BlocksPerFrame; block++)
        {
            if (!Has(in used, block) || IsZero(BlockOf(bytes, block))) continue;
            BlockOf(bytes, block).CopyTo(target[(count << Layout.BlockSizeLog2)..]);
            kept[block / BitsPerWord] |= 1UL << block % BitsPerWord;
            count++;
        }
        return count;
    }

    /// <summary>Where blocks of a frame lie.</summary>
    /// <param name="start">Address of the frame.</param>
    /// <param name="blocks">The blocks.</param>
    /// <param name="isIn">Whether those in the bitmap are meant, or the others.</param>
    /// <param name="runs">Receives runs of neighbouring blocks, in order; has room for <see cref="RunsMax"/>.</param>
    /// <returns>How many runs.</returns>
    public static int Runs(nint start, in FrameDescriptor.BlockBitmap blocks, bool isIn, Span<IoVector> runs)
    {
        int count = 0;
        for (int block = 0; block < Layout.BlocksPerFrame;)
        {
            int first = block;
            while (block < Layout.BlocksPerFrame && Has(in blocks, block) == isIn) block++;
            if (block == first)
            {
                block++;
                continue;
            }
            nuint length = (nuint)(block - first) << Layout.BlockSizeLog2;
            runs[count++] = new IoVector(start + ((nint)first << Layout.BlockSizeLog2), length);
        }
        return count;
    }

    private FrameDescriptor.BlockBitmap UsedBlocks(uint frame)
    {
        FrameType type = table.WordOf(frame).Type;
        if (type == FrameType.Blocks) return table.At(frame).Blocks;
        FrameDescriptor.BlockBitmap all = default;
        // A worker's request and reply buffers are behind its records; what is in hand is no part of an image.
        int words = type == FrameType.Worker ? BufferBlock / BitsPerWord : FrameDescriptor.BitmapWords;
        ((Span<ulong>)all)[..words].Fill(ulong.MaxValue);
        return all;
    }

    private static ReadOnlySpan<byte> BlockOf(ReadOnlySpan<byte> frame, int block) =>
        frame.Slice(block << Layout.BlockSizeLog2, Layout.BlockSizeInBytes);

    private static bool Has(in FrameDescriptor.BlockBitmap blocks, int block) =>
        (blocks[block / BitsPerWord] >> block % BitsPerWord & 1) != 0;

    private static bool IsZero(ReadOnlySpan<byte> block) => !block.ContainsAnyExcept((byte)0);
}
