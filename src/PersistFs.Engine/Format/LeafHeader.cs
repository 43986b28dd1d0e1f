using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>The first 16 bytes of a directory leaf (FORMAT.md, section 10).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeInBytes)]
internal struct LeafHeader
{
    public const int SizeInBytes = 16;

    /// <summary>
    /// More live entries than this do not fit into any leaf: an entry takes 24 bytes and a slot at least.
    /// </summary>
    public const int EntryCountMax = 160;

    /// <summary>A <see cref="FillWord"/>.</summary>
    [FieldOffset(0)] public ulong Fill;

    /// <summary>Size of the leaf.</summary>
    [FieldOffset(8)] public ushort LeafSizeInBytes;

    /// <summary>Depth of the node that points here plus 1; 0 if the inode does.</summary>
    [FieldOffset(10)] public byte NodeDepth;

    /// <summary>How many of the node's 9 index bits all names here share.</summary>
    [FieldOffset(11)] public byte LocalDepth;
}
