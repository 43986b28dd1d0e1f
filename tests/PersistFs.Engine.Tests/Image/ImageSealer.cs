using System.IO.Hashing;
using System.Runtime.InteropServices;
using PersistFs.Engine.Format;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Image;

/// <summary>Changes an image and gives it checksums that fit, as only somebody would who means harm.</summary>
internal sealed class ImageSealer
{
    private static readonly ulong[] Interesting =
    [
        0, 1, 2, 7, 95, 96, 4095, 4096, 4097, uint.MaxValue, 1UL << 21, 1UL << 32, 1UL << 33, 1UL << 48, 1UL << 56,
        long.MaxValue, ulong.MaxValue - 4095, ulong.MaxValue,
    ];

    private readonly ulong indexOffset;
    private readonly int indexLength;

    public ImageSealer(byte[] image)
    {
        Bytes = [.. image];
        indexOffset = Header.IndexOffset;
        indexLength = (int)ImageHeader.IndexLengthOf(Header.ChunkCount);
    }

    public byte[] Bytes { get; }

    /// <summary>The header, in place.</summary>
    public ref ImageHeader Header => ref MemoryMarshal.AsRef<ImageHeader>(Bytes.AsSpan());

    /// <summary>Changes a word of the header, of the index or of the chunks.</summary>
    public void Mutate(SeededRandom random)
    {
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(Bytes.AsSpan());
        int index = random.Next(4) switch
        {
            0 => random.Next(14),
            1 or 2 => (int)(indexOffset / sizeof(ulong)) + random.Next(indexLength / sizeof(ulong)),
            _ => random.Next(words.Length),
        };
        words[index] = random.Next(4) switch
        {
            0 => random.Pick(Interesting),
            1 => words[index] + random.Pick(Interesting),
            2 => words[index] ^ 1UL << random.Next(64),
            _ => random.NextWord(),
        };
    }

    /// <summary>Gives chunks, index, header and trailer the checksums that they should have.</summary>
    public void Seal()
    {
        Span<byte> index = Bytes.AsSpan((int)indexOffset, indexLength);
        foreach (ref ChunkEntry entry in MemoryMarshal.Cast<byte, ChunkEntry>(index))
        {
            ulong length = (ulong)entry.BlockCount << Layout.BlockSizeLog2;
            bool isInside = entry.Offset <= (ulong)Bytes.Length && length <= (ulong)Bytes.Length - entry.Offset;
            if (isInside && length > 0)
                entry.Checksum = XxHash3.HashToUInt64(Bytes.AsSpan((int)entry.Offset, (int)length));
        }
        Header.IndexChecksum = XxHash3.HashToUInt64(index);
        Header.Checksum = Checksum.Of(in Header);
        Bytes.AsSpan(0, Layout.BlockSizeInBytes).CopyTo(Bytes.AsSpan(Bytes.Length - Layout.BlockSizeInBytes));
    }
}
