namespace PersistFs.Engine.Format;

/// <summary>What a block of a Blocks frame holds (FORMAT.md, section 2).</summary>
/// <remarks>Values from <see cref="FirstSlab"/> on are slabs; the difference is the size class.</remarks>
internal enum BlockType : byte
{
    None = 0,
    Data = 1,
    MapNode = 2,
    DirectoryNode = 3,
    DirectoryLeaf = 4,
    AttributeValue = 5,
    FirstSlab = 16,
    LastSlab = 27,
    InodeSlab = 32,

    /// <summary>Not a block type: in a free entry of the journal, a whole data frame.</summary>
    DataFrame = 255,
}
