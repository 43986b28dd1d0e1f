using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>How to take one store of an open transaction back (FORMAT.md, section 6).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeInBytes)]
internal struct UndoEntry
{
    public const int SizeInBytes = 16;
    private const ulong OffsetMask = (1UL << 56) - 1;

    /// <summary>Offset in bits 0 to 55, kind in 56 to 59, length of a word in 60 to 63.</summary>
    [FieldOffset(0)] public ulong Target;

    /// <summary>The old value of a word, or the block type of what was allocated.</summary>
    [FieldOffset(8)] public ulong Old;

    public const int KindWord = 1;
    public const int KindObject = 2;
    public const int KindDataFrame = 3;

    public readonly ArenaPointer Pointer => new(Target & OffsetMask);

    public readonly int Kind => (int)(Target >> 56) & 0xF;

    public readonly int Length => (int)(Target >> 60);

    public static ulong TargetOf(ArenaPointer pointer, int kind, int length = 0) =>
        pointer.Value | (ulong)kind << 56 | (ulong)length << 60;
}
