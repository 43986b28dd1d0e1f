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

    public ulong Kind => Value & KindMask;

    public bool IsBlock => Kind == KindBlock;

    public bool IsNode => Kind == KindNode;

    public bool IsFrame => Kind == KindFrame;

    public ArenaPointer Pointer => new(Value & PointerMask);

    /// <summary>Whether no bit is set that this version does not know.</summary>
    public bool IsValid => (Value & ~(KindMask | PointerMask)) == 0 && Kind <= KindFrame;

    public static MapEntry Block(ArenaPointer block) => new(block.Value | KindBlock);

    public static MapEntry Node(ArenaPointer node) => new(node.Value | KindNode);

    public static MapEntry Frame(ArenaPointer frame) => new(frame.Value | KindFrame);
}
