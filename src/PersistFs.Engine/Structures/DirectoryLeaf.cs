using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Structures;

/// <summary>
/// A directory leaf, for reading (FORMAT.md, section 10). Nothing in it is believed before it is checked.
/// </summary>
internal readonly ref struct DirectoryLeaf
{
    public const int SizeMin = 256;
    public const int SizeMax = Layout.BlockSizeInBytes;

    private readonly ReadOnlySpan<byte> bytes;

    /// <exception cref="ArenaCorruptException">Its header cannot be.</exception>
    public DirectoryLeaf(ReadOnlySpan<byte> bytes)
    {
        this.bytes = bytes;
        FillWord fill = Fill;
        bool isSound = Header.LeafSizeInBytes == bytes.Length && fill.HeapStart <= bytes.Length
            && LeafHeader.SizeInBytes + fill.SlotCount * LeafSlot.SizeInBytes <= fill.HeapStart
            && fill.LiveCount <= fill.SlotCount && fill.LiveBytes <= bytes.Length - fill.HeapStart
            && Header.LocalDepth <= DirectoryKey.IndexBits && fill.LiveCount <= LeafHeader.EntryCountMax;
        if (!isSound) throw new ArenaCorruptException("A directory leaf has an impossible header.");
    }

    public int SizeInBytes => bytes.Length;

    public ref readonly LeafHeader Header => ref MemoryMarshal.AsRef<LeafHeader>(bytes);

    public FillWord Fill => new(Header.Fill);

    public ReadOnlySpan<uint> Slots =>
        MemoryMarshal.Cast<byte, uint>(bytes.Slice(LeafHeader.SizeInBytes, Fill.SlotCount * LeafSlot.SizeInBytes));

    /// <summary>Bytes a leaf takes that holds the live entries of this one and no gaps.</summary>
    public int LiveSizeInBytes => LeafHeader.SizeInBytes + Fill.LiveCount * LeafSlot.SizeInBytes + Fill.LiveBytes;

    /// <summary>Bytes between the slots and the heap.</summary>
    public int GapInBytes => Fill.HeapStart - LeafHeader.SizeInBytes - Fill.SlotCount * LeafSlot.SizeInBytes;

    /// <summary>The entry at a position that a slot holds.</summary>
    public ref readonly DirectoryEntryHeader EntryAt(int position)
    {
        if (position < Fill.HeapStart || position % 8 != 0
            || position > bytes.Length - DirectoryEntryHeader.SizeInBytes)
        {
            ThrowOutside();
        }
        return ref MemoryMarshal.AsRef<DirectoryEntryHeader>(bytes[position..]);
    }

    /// <summary>The name of the entry at a position.</summary>
    public ReadOnlySpan<byte> NameAt(int position)
    {
        int length = EntryAt(position).NameLength;
        if (length == 0 || length > bytes.Length - position - DirectoryEntryHeader.SizeInBytes) ThrowOutside();
        return bytes.Slice(position + DirectoryEntryHeader.SizeInBytes, length);
    }

    /// <summary>Index of the slot whose entry has this name; -1 if none has.</summary>
    public int FindSlot(DirectoryKey key, ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<uint> slots = Slots;
        for (int index = NextMatch(slots, 0, key.Fingerprint);
            index >= 0;
            index = NextMatch(slots, index + 1, key.Fingerprint))
        {
            int position = new LeafSlot(slots[index]).Position;
            if (position == 0 || new DirectoryKey(EntryAt(position).Key).Hash != key.Hash) continue;
            if (NameAt(position).SequenceEqual(name)) return index;
        }
        return -1;
    }

    /// <summary>The lowest number that no name of this key's hash has; -1 if all are taken.</summary>
    public int FindFreeNumber(DirectoryKey key)
    {
        UInt128 taken = 0;
        foreach (uint slot in Slots)
        {
            int position = new LeafSlot(slot).Position;
            if (position == 0 || new LeafSlot(slot).Fingerprint != key.Fingerprint) continue;
            var other = new DirectoryKey(EntryAt(position).Key);
            if (other.Hash == key.Hash) taken |= UInt128.One << other.Number;
        }
        int number = (int)UInt128.TrailingZeroCount(~taken);
        return number < DirectoryKey.NumbersPerHash ? number : -1;
    }

    /// <summary>
    /// The smallest leaf size with some room beside <paramref name="neededInBytes"/>; 0 if no leaf is as large.
    /// </summary>
    public static int SizeFor(int neededInBytes)
    {
        for (int size = SizeMin; size < SizeMax; size *= 2)
        {
            if (neededInBytes <= size - size / 8) return size;
        }
        return neededInBytes <= SizeMax ? SizeMax : 0;
    }

    /// <summary>The type of the block that a leaf of this size lies in.</summary>
    public static BlockType TypeOf(int sizeInBytes) =>
        sizeInBytes == SizeMax ? BlockType.DirectoryLeaf : SizeClass.Holding(sizeInBytes);

    /// <summary>
    /// Index of the first slot from <paramref name="start"/> on with this fingerprint, four at a time; -1 if there is
    /// none.
    /// </summary>
    private static int NextMatch(ReadOnlySpan<uint> slots, int start, uint fingerprint)
    {
        int index = start;
        Vector128<uint> wanted = Vector128.Create(fingerprint);
        for (; index <= slots.Length - Vector128<uint>.Count; index += Vector128<uint>.Count)
        {
            Vector128<uint> found = Vector128.ShiftRightLogical(Vector128.Create(slots[index..]), 16);
            uint mask = Vector128.Equals(found, wanted).ExtractMostSignificantBits();
            if (mask != 0) return index + BitOperations.TrailingZeroCount(mask);
        }
        for (; index < slots.Length; index++)
        {
            if (new LeafSlot(slots[index]).Fingerprint == fingerprint) return index;
        }
        return -1;
    }

    private static void ThrowOutside() =>
        throw new ArenaCorruptException("An entry of a directory leaf lies outside of its heap.");
}
