namespace PersistFs.Engine.Format;

/// <summary>Bytes 96 to 103 of an inode record, taken apart (FORMAT.md, section 7).</summary>
internal readonly record struct ContentsWord(ulong Value)
{
    private const int InstanceShift = 32;
    private const ulong PendingListedBit = 1UL << 24;
    private const ulong PendingTrimBit = 1UL << 25;
    private const ulong KnownBits = 0x0000_FFFF_03FF_FFFF;
    private const ulong PendingMask = PendingListedBit | PendingTrimBit;

    public ContentsKind Kind => (ContentsKind)(byte)Value;

    /// <summary>Levels of map nodes, 0 to 6.</summary>
    public int Height => (byte)(Value >> 8);

    /// <summary>log2 of the pointers in the root node: 3, 6 or 9; 0 at height 0.</summary>
    public int RootLog2 => (byte)(Value >> 16);

    /// <summary>Whether the inode is on a pending list.</summary>
    public bool IsPending => (Value & PendingListedBit) != 0;

    /// <summary>Whether there may be contents past the size that are still to be freed.</summary>
    public bool NeedsTrim => (Value & PendingTrimBit) != 0;

    public int Instance => (ushort)(Value >> InstanceShift);

    /// <summary>The same word with another shape of contents.</summary>
    public ContentsWord WithShape(ContentsKind kind, int height = 0, int rootLog2 = 0) =>
        new(Value & ~0xFF_FFFFUL | (ulong)kind | (ulong)(uint)height << 8 | (ulong)(uint)rootLog2 << 16);

    /// <summary>The same word with other pending flags.</summary>
    public ContentsWord WithPending(bool listed, bool trim) =>
        new(Value & ~PendingMask | (listed ? PendingListedBit : 0) | (trim ? PendingTrimBit : 0));

    /// <summary>The same word for another tree; the reserved bits above the instance are cleared.</summary>
    public ContentsWord WithInstance(int slot) => new((uint)Value | (ulong)(uint)slot << InstanceShift);

    /// <summary>The same word with only the bits that have a meaning in this version.</summary>
    public ContentsWord WithoutReserved() => new(Value & KnownBits);

    public static ContentsWord Create(ContentsKind kind, int instance) =>
        new((ulong)kind | (ulong)(uint)instance << InstanceShift);
}
