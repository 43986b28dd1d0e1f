using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>
/// What one block of a Blocks frame holds; meaningless while the frame's bitmap calls the block free.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = SizeInBytes)]
internal struct BlockDescriptor
{
    public const int SizeInBytes = 16;

    /// <summary>Bit o is set while object o of a slab is allocated; of other blocks owner and level.</summary>
    [FieldOffset(0)] public ulong Objects;

    /// <summary>A <see cref="BlockType"/> in byte 0, the block's position for its owner in the others.</summary>
    [FieldOffset(8)] public ulong TypeWord;

    public readonly BlockType Type => Use.Type;

    /// <summary>Its words as those of a block that is no slab.</summary>
    public readonly BlockUse Use => new(Objects, TypeWord);
}
