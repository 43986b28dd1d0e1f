namespace PersistFs.Engine.Format;

/// <summary>What a block is for: the two words of its descriptor (FORMAT.md, section 2).</summary>
/// <remarks>
/// A block that is no slab says whose it is and at which place. So no pointer, however damaged, makes a reader accept a
/// block of another file, a block twice, or a node below itself.
/// </remarks>
/// <param name="OwnerWord">Owner and level; of a slab its object bitmap, here 0.</param>
/// <param name="TypeWord">Type and position.</param>
internal readonly record struct BlockUse(ulong OwnerWord, ulong TypeWord)
{
    private const int PositionShift = 8;

    public BlockType Type => (BlockType)(byte)TypeWord;

    public InodeNumber Owner => new(OwnerWord & (1UL << InodeNumber.Bits) - 1);

    public int Level => (byte)(OwnerWord >> InodeNumber.Bits);

    public ulong Position => TypeWord >> PositionShift;

    public static BlockUse Slab(BlockType slab) => new(0, (ulong)slab);

    /// <param name="type">Type of the block.</param>
    /// <param name="owner">The inode whose contents or attributes it holds.</param>
    /// <param name="level">Height of a map node (0 for data), depth of a directory node or leaf.</param>
    /// <param name="position">
    /// First file block it covers, prefix of the keys below it, or index of a value block.
    /// </param>
    public static BlockUse Of(BlockType type, InodeNumber owner, int level, ulong position) =>
        new(owner.Value | (ulong)(uint)level << InodeNumber.Bits, (ulong)type | position << PositionShift);
}
