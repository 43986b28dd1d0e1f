namespace PersistFs.Engine.Format;

/// <summary>The sizes of objects and what a slab of each holds (FORMAT.md, section 2).</summary>
internal static class SizeClass
{
    /// <summary>Classes of general objects; the inode slab comes besides.</summary>
    public const int Count = 12;

    /// <summary>Index that stands for the inode slab where arrays are kept per class.</summary>
    public const int InodeIndex = Count;

    public const int IndexCount = Count + 1;

    /// <summary>Contents up to this many bytes fit into an object.</summary>
    public const int ObjectSizeMax = 2048;

    private const int UnitInBytes = 64;

    /// <summary>
    /// Sizes in units of 64 bytes; a span of bytes is read in place even where the compiler does not optimise.
    /// </summary>
    private static ReadOnlySpan<byte> SizesInUnits => [1, 2, 3, 4, 5, 7, 8, 10, 12, 16, 21, 32];

    /// <summary>
    /// The block type of the slab with the smallest objects that hold <paramref name="sizeInBytes"/>, 1 to 2048.
    /// </summary>
    public static BlockType Holding(int sizeInBytes)
    {
        ReadOnlySpan<byte> sizes = SizesInUnits;
        for (int index = 0; index < sizes.Length; index++)
        {
            if (sizes[index] * UnitInBytes >= sizeInBytes) return (BlockType)((int)BlockType.FirstSlab + index);
        }
        throw new ArgumentOutOfRangeException(nameof(sizeInBytes), sizeInBytes, "No object is that large.");
    }

    public static bool IsSlab(BlockType type) =>
        type is >= BlockType.FirstSlab and <= BlockType.LastSlab or BlockType.InodeSlab;

    public static bool IsKnown(BlockType type) =>
        IsSlab(type) || type is >= BlockType.Data and <= BlockType.AttributeValue;

    /// <summary>Position of a slab type in arrays kept per class.</summary>
    public static int IndexOf(BlockType slab) =>
        slab == BlockType.InodeSlab ? InodeIndex : slab - BlockType.FirstSlab;

    /// <summary>Bytes of one object in a slab, or of a whole block for other types.</summary>
    public static int ObjectSize(BlockType type) => type switch
    {
        BlockType.InodeSlab => InodeRecord.SizeInBytes,
        >= BlockType.FirstSlab and <= BlockType.LastSlab => SizesInUnits[type - BlockType.FirstSlab] * UnitInBytes,
        _ => Layout.BlockSizeInBytes,
    };

    public static int ObjectsPerSlab(BlockType slab) => Layout.BlockSizeInBytes / ObjectSize(slab);

    /// <summary>The object bitmap of a slab without a free object.</summary>
    public static ulong FullBitmap(BlockType slab)
    {
        int count = ObjectsPerSlab(slab);
        return count == 64 ? ulong.MaxValue : (1UL << count) - 1;
    }
}
