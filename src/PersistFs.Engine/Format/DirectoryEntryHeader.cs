using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>What precedes a name in a directory leaf (FORMAT.md, section 10).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeInBytes)]
internal struct DirectoryEntryHeader
{
    public const int SizeInBytes = 16;
    private const ulong InodeMask = (1UL << InodeNumber.Bits) - 1;

    /// <summary>Hash and distinguishing number: order and cookie of the entry.</summary>
    [FieldOffset(0)] public ulong Key;

    /// <summary>Inode number, length of the name, type.</summary>
    [FieldOffset(8)] public ulong TargetWord;

    public readonly InodeNumber Inode => new(TargetWord & InodeMask);

    public readonly int NameLength => (byte)(TargetWord >> InodeNumber.Bits);

    /// <summary>Bits of the target word that are zero in this version.</summary>
    public readonly byte ReservedBits => (byte)(TargetWord >> 60);

    /// <summary>d_type of readdir(3).</summary>
    public readonly byte EntryType => (byte)(TargetWord >> 56 & 0xF);

    public static ulong TargetOf(InodeNumber inode, int nameLength, byte entryType) =>
        inode.Value | (ulong)(uint)nameLength << InodeNumber.Bits | (ulong)entryType << 56;

    /// <summary>Bytes an entry with a name of this length takes in the heap.</summary>
    public static int EntrySize(int nameLength) => SizeInBytes + nameLength + 7 & ~7;
}
