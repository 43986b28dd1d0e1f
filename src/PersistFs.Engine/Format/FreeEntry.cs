namespace PersistFs.Engine.Format;

/// <summary>What a committed transaction still has to free (FORMAT.md, section 6).</summary>
internal readonly record struct FreeEntry(ulong Value)
{
    public const int SizeInBytes = sizeof(ulong);

    private const int TypeShift = 56;

    public FreeEntry(ArenaPointer pointer, BlockType type)
        : this(pointer.Value | (ulong)type << TypeShift)
    {
    }

    public ArenaPointer Pointer => new(Value & (1UL << TypeShift) - 1);

    /// <summary>What lies there; <see cref="BlockType.DataFrame"/> for a whole data frame.</summary>
    public BlockType Type => (BlockType)(Value >> TypeShift);
}
