using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Structures;

/// <summary>
/// The extended attributes of an inode: a list of objects, each written once and replaced as a whole (FORMAT.md,
/// section 11).
/// </summary>
/// <remarks>
/// The caller holds the inode's lock. A change writes a fresh object and swings one pointer to it. No list is longer
/// than its names' limit allows, so every walk ends, however damaged the list.
/// </remarks>
internal sealed class AttributeList
{
    /// <summary>XATTR_LIST_MAX of linux/limits.h: what listxattr(2) can return, names with their NUL.</summary>
    public const int NamesLengthMax = 65536;

    private const int NameLengthMax = 255;

    /// <summary>Attributes without value blocks that one step of freeing takes.</summary>
    private const int FreesPerStepMax = 128;

    private readonly Space space;

    public AttributeList(Space space) => this.space = space;

    private Arena Arena => space.Arena;

    /// <summary>Blocks that <see cref="Set"/> takes at worst.</summary>
    public static int CostOf(int nameLength, int valueLength) =>
        IsIndirect(nameLength, valueLength) ? 1 + BlockCountOf(valueLength) : 1;

    /// <summary>Finds an attribute; if there is none, the cursor stands behind the last.</summary>
    /// <exception cref="ArenaCorruptException">The list is damaged.</exception>
    public bool TryFind(in InodeRecord record, ReadOnlySpan<byte> name, out AttributeCursor cursor)
    {
        cursor = Before(in record);
        while (TryAdvance(ref cursor))
        {
            if (NameOf(in cursor).SequenceEqual(name)) return true;
        }
        return false;
    }

    /// <summary>Whether a name that is not there yet could still be listed with all others.</summary>
    /// <param name="end">The cursor behind the last attribute.</param>
    /// <param name="nameLength">Length of the new name.</param>
    public static bool HasRoomFor(in AttributeCursor end, int nameLength) =>
        end.NamesLength + nameLength + 1 <= NamesLengthMax;

    /// <summary>Copies the value of the attribute at the cursor.</summary>
    /// <exception cref="ArenaCorruptException">A block of the value is not the owner's.</exception>
    public void CopyValue(InodeNumber owner, in AttributeCursor cursor, Span<byte> target)
    {
        int length = cursor.ValueLength;
        if (cursor.Header.IsIndirect == 0)
        {
            ArenaPointer value = cursor.Attribute + (ulong)(AttributeHeader.SizeInBytes + cursor.Header.NameLength);
            Arena.Bytes(value, length).CopyTo(target);
            return;
        }
        for (int index = 0; index < BlockCountOf(length); index++)
        {
            int start = index * Layout.BlockSizeInBytes;
            int count = Math.Min(length - start, Layout.BlockSizeInBytes);
            Arena.Bytes(RequireBlock(owner, in cursor, index), count).CopyTo(target[start..]);
        }
    }

    /// <summary>Bytes that the names take, each followed by NUL.</summary>
    /// <param name="record">The inode.</param>
    /// <param name="hiddenPrefix">Names that begin with it are left out; empty to list all.</param>
    public int MeasureNames(in InodeRecord record, ReadOnlySpan<byte> hiddenPrefix)
    {
        int length = 0;
        AttributeCursor cursor = Before(in record);
        while (TryAdvance(ref cursor))
        {
            if (!IsHidden(in cursor, hiddenPrefix)) length += cursor.Header.NameLength + 1;
        }
        return length;
    }

    /// <summary>Copies the names, each followed by NUL, in the order in which they were first set.</summary>
    public void CopyNames(in InodeRecord record, ReadOnlySpan<byte> hiddenPrefix, Span<byte> target)
    {
        AttributeCursor cursor = Before(in record);
        while (TryAdvance(ref cursor))
        {
            if (IsHidden(in cursor, hiddenPrefix)) continue;
            ReadOnlySpan<byte> name = NameOf(in cursor);
            name.CopyTo(target);
            target[name.Length] = 0;
            target = target[(name.Length + 1)..];
        }
    }

    /// <summary>Stores an attribute at the cursor: in place of the one there, or behind the last.</summary>
    public void Set(
        Transaction transaction, InodeNumber owner, in AttributeCursor cursor, ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value)
    {
        bool isIndirect = IsIndirect(name.Length, value.Length);
        BlockType slab = SizeClass.Holding(ObjectSize(name.Length, value.Length, isIndirect));
        ArenaPointer attribute = transaction.AllocateObject(slab);
        transaction.WriteFresh(attribute, new AttributeHeader
        {
            Next = cursor.IsFound ? cursor.Header.Next : 0,
            ValueLength = (uint)value.Length,
            NameLength = (ushort)name.Length,
            IsIndirect = isIndirect ? (byte)1 : (byte)0,
        });
        ArenaPointer nameStart = attribute + AttributeHeader.SizeInBytes;
        transaction.WriteData(nameStart, name);
        if (isIndirect) WriteBlocks(transaction, owner, attribute + (ulong)BlockOffsetsStart(name.Length), value);
        else transaction.WriteData(nameStart + (ulong)name.Length, value);
        if (cursor.IsFound) Free(transaction, owner, in cursor);
        transaction.Set(in Arena.At<ulong>(cursor.Link), attribute.Value);
    }

    /// <summary>Takes the attribute at the cursor out of the list. Costs nothing.</summary>
    public void Remove(Transaction transaction, InodeNumber owner, in AttributeCursor cursor)
    {
        Free(transaction, owner, in cursor);
        transaction.Set(in Arena.At<ulong>(cursor.Link), cursor.Header.Next);
    }

    /// <summary>
    /// Frees some attributes of an inode that dies, as many as one transaction should. Costs nothing.
    /// </summary>
    /// <returns>Whether none is left.</returns>
    /// <remarks>
    /// A list that runs in a circle is refused before the first free, and value blocks of different attributes are
    /// freed in different transactions: so nothing is freed twice by damage, when it may already be somebody else's.
    /// </remarks>
    public bool FreeSome(Transaction transaction, InodeNumber owner, in InodeRecord record)
    {
        if (record.Attributes == 0) return true;
        _ = MeasureNames(in record, default);
        AttributeCursor cursor = Before(in record);
        ulong rest = record.Attributes;
        for (int count = 0; count < FreesPerStepMax && TryAdvance(ref cursor); count++)
        {
            bool isIndirect = cursor.Header.IsIndirect != 0;
            if (isIndirect && count > 0) break;
            Free(transaction, owner, in cursor);
            rest = cursor.Header.Next;
            if (isIndirect) break;
        }
        transaction.Set(in record.Attributes, rest);
        return rest == 0;
    }

    private void WriteBlocks(Transaction transaction, InodeNumber owner, ArenaPointer offsets, ReadOnlySpan<byte> value)
    {
        for (int index = 0; index < AttributeHeader.ValueBlockCount; index++)
        {
            ArenaPointer block = ArenaPointer.Null;
            if (!value.IsEmpty)
            {
                block = transaction.AllocateBlock(UseOf(owner, index));
                int count = Math.Min(value.Length, Layout.BlockSizeInBytes);
                transaction.WriteData(block, value[..count]);
                value = value[count..];
            }
            transaction.WriteFresh(offsets + (ulong)(index * sizeof(ulong)), block.Value);
        }
    }

    private void Free(Transaction transaction, InodeNumber owner, in AttributeCursor cursor)
    {
        int blockCount = cursor.Header.IsIndirect == 0 ? 0 : BlockCountOf(cursor.ValueLength);
        for (int index = 0; index < blockCount; index++)
            transaction.Free(RequireBlock(owner, in cursor, index), BlockType.AttributeValue);
        transaction.Free(cursor.Attribute, cursor.Slab);
    }

    private AttributeCursor Before(in InodeRecord record)
    {
        ArenaPointer link = Arena.PointerTo(in record.Attributes);
        return new AttributeCursor { Link = link, Header = new AttributeHeader { Next = record.Attributes } };
    }

    /// <summary>Goes on to the next attribute; false behind the last.</summary>
    private bool TryAdvance(ref AttributeCursor cursor)
    {
        // The next-word is the first of an attribute, so the attribute's own position is the link to the one behind it.
        if (cursor.IsFound) cursor.Link = cursor.Attribute;
        cursor.Attribute = new ArenaPointer(cursor.Header.Next);
        if (!cursor.IsFound) return false;
        cursor.Slab = space.Table.RequireGeneralObject(cursor.Attribute);
        cursor.Header = Arena.At<AttributeHeader>(cursor.Attribute);
        cursor.NamesLength += cursor.Header.NameLength + 1;
        if (!IsPlausible(in cursor)) ThrowDamaged(in cursor);
        return true;
    }

    private static bool IsPlausible(in AttributeCursor cursor)
    {
        AttributeHeader header = cursor.Header;
        if (header.NameLength is 0 or > NameLengthMax) return false;
        if (header.ValueLength > AttributeHeader.ValueLengthMax) return false;
        if (header.IsIndirect > 1 || header.Reserved != 0 || cursor.NamesLength > NamesLengthMax) return false;
        int size = ObjectSize(header.NameLength, (int)header.ValueLength, header.IsIndirect != 0);
        return size <= SizeClass.ObjectSize(cursor.Slab);
    }

    private ArenaPointer RequireBlock(InodeNumber owner, in AttributeCursor cursor, int index)
    {
        int position = BlockOffsetsStart(cursor.Header.NameLength) + index * sizeof(ulong);
        var block = new ArenaPointer(Arena.At<ulong>(cursor.Attribute + (ulong)position));
        space.Table.RequireBlock(block, UseOf(owner, index));
        return block;
    }

    private ReadOnlySpan<byte> NameOf(in AttributeCursor cursor) =>
        Arena.Bytes(cursor.Attribute + AttributeHeader.SizeInBytes, cursor.Header.NameLength);

    private bool IsHidden(in AttributeCursor cursor, ReadOnlySpan<byte> hiddenPrefix) =>
        !hiddenPrefix.IsEmpty && NameOf(in cursor).StartsWith(hiddenPrefix);

    private static BlockUse UseOf(InodeNumber owner, int index) =>
        BlockUse.Of(BlockType.AttributeValue, owner, 0, (ulong)(uint)index);

    private static bool IsIndirect(int nameLength, int valueLength) =>
        AttributeHeader.SizeInBytes + nameLength + valueLength > SizeClass.ObjectSizeMax;

    private static int BlockCountOf(int valueLength) =>
        (valueLength + Layout.BlockSizeInBytes - 1) / Layout.BlockSizeInBytes;

    /// <summary>Position of the block offsets in an attribute: behind its name, aligned.</summary>
    private static int BlockOffsetsStart(int nameLength) => AttributeHeader.SizeInBytes + nameLength + 7 & ~7;

    private static int ObjectSize(int nameLength, int valueLength, bool isIndirect) => isIndirect
        ? BlockOffsetsStart(nameLength) + AttributeHeader.ValueBlockCount * sizeof(ulong)
        : AttributeHeader.SizeInBytes + nameLength + valueLength;

    private static void ThrowDamaged(in AttributeCursor cursor) =>
        throw new ArenaCorruptException($"The extended attribute at {cursor.Attribute} cannot be what it says.");
}
