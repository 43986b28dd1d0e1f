namespace PersistFs.Engine.Format;

/// <summary>What the inode or a directory node holds: nothing, a leaf or a node (FORMAT.md, section 10).</summary>
internal readonly record struct DirectoryPointer(ulong Value)
{
    private const ulong KindMask = 0xF;
    private const ulong KindLeaf = 1;
    private const ulong KindNode = 2;
    private const ulong PositionMask = (1UL << 56) - 1 & ~0x3FUL;

    public static readonly DirectoryPointer Null;

    public bool IsNull => Value == 0;

    public ulong Kind => Value & KindMask;

    public bool IsLeaf => (Value & ~PositionMask) == KindLeaf;

    public bool IsNode => (Value & ~PositionMask) == KindNode;

    public ArenaPointer Target => new(Value & PositionMask);

    public static DirectoryPointer Leaf(ArenaPointer leaf) => new(leaf.Value | KindLeaf);

    public static DirectoryPointer Node(ArenaPointer node) => new(node.Value | KindNode);
}
