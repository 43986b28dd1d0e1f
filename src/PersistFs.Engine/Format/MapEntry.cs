namespace PersistFs.Engine.Format;

/// <summary>One entry of a file's map: a hole, a block, a node below or a whole frame (FORMAT.md, section 8).</summary>
internal readonly record struct MapEntry(ulong Value)
{
    private const ulong KindMask = 0xF;
    private const ulong PointerMask = (1UL << 56) - 1 & ~0x3FUL;

    public const ulong KindBlock = 1;
    public const ulong KindNode = 2;
    public const ulong KindFrame = 3;

    public static readonly MapEntry Hole;

    public bool IsHole => Value == 0;

    public bool IsBlock => (Value & KindMask) == KindBlock;

    public bool IsNode => (Value & KindMask) == KindNode;

    public bool IsFrame => (Value & KindMask) == KindFrame;

    public ArenaPointer Pointer => new(Value & PointerMask);

    /// <summary>Whether no bit is set that this version does not know.</summary>
    public bool IsValid => (Value & ~(KindMask | PointerMask)) == 0 && (Value & KindMask) <= KindFrame;

    public static MapEntry Block(ArenaPointer block) => new(block.Value | KindBlock);

    public static MapEntry Node(ArenaPointer node) => new(node.Value | KindNode);

    public static MapEntry Frame(ArenaPointer frame) => new(frame.Value | KindFrame);
}
