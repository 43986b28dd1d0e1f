using PersistFs.Engine.Format;

namespace PersistFs.Engine.Check;

/// <summary>The list of extended attributes of one inode.</summary>
internal sealed class AttributePass
{
    private const int NameLengthMax = 255;

    /// <summary>XATTR_LIST_MAX of linux/limits.h: bytes of all names, each with a NUL.</summary>
    private const int NamesLengthMax = 65536;

    private readonly CheckContext context;
    private readonly HashSet<UInt128> names = [];
    private InodeNumber inode;
    private ArenaPointer link;
    private ulong next;
    private long namesLength;

    public AttributePass(CheckContext context) => this.context = context;

    public void Check(InodeNumber owner, in InodeRecord record)
    {
        inode = owner;
        names.Clear();
        namesLength = 0;
        var pointer = new ArenaPointer(record.Attributes);
        link = context.Arena.PointerTo(in record.Attributes);
        // The marks end the walk of a list that leads back into itself.
        while (!pointer.IsNull && TryClaim(pointer, out int size))
        {
            AttributeHeader header = context.Arena.At<AttributeHeader>(pointer);
            next = header.Next;
            CheckAttribute(pointer, context.Arena.Bytes(pointer, size), in header);
            if (namesLength > NamesLengthMax) Report(pointer, $"has attributes whose names take {namesLength} bytes.");
            // The next-word is the first of an attribute.
            link = pointer;
            pointer = new ArenaPointer(next);
        }
    }

    private bool TryClaim(ArenaPointer pointer, out int size)
    {
        BlockType type = context.TypeAt(pointer);
        bool isObject = SizeClass.IsSlab(type) && type != BlockType.InodeSlab;
        size = SizeClass.ObjectSize(type);
        return context.TryClaimObject(
            inode,
            "its list of attributes",
            pointer,
            isObject ? type : BlockType.FirstSlab,
            new IncomingLink(link, pointer.Value));
    }

    private void CheckAttribute(ArenaPointer pointer, ReadOnlySpan<byte> bytes, in AttributeHeader header)
    {
        int nameEnd = AttributeHeader.SizeInBytes + header.NameLength;
        if (header.NameLength is 0 or > NameLengthMax || nameEnd > bytes.Length
            || header.ValueLength > AttributeHeader.ValueLengthMax || header.Reserved != 0)
        {
            Report(
                pointer,
                $"has an attribute with a name of {header.NameLength} and a value of {header.ValueLength} bytes, "
                    + $"reserved byte {header.Reserved}.");
            return;
        }
        ReadOnlySpan<byte> name = bytes[AttributeHeader.SizeInBytes..nameEnd];
        if (name.Contains((byte)0) || !name.Contains((byte)'.'))
            Report(pointer, $"has an attribute of the impossible name {NameText.Of(name)}.");
        namesLength += name.Length + 1;
        var hash = new UInt128(SipHash.Compute(0, 0, name), SipHash.Compute(1, 1, name));
        if (namesLength <= NamesLengthMax && !names.Add(hash))
            Report(pointer, $"has the attribute {NameText.Of(name)} twice.");
        switch (header.IsIndirect)
        {
            case 0 when nameEnd + (int)header.ValueLength <= bytes.Length:
                break;
            case 1 when (nameEnd + 7 & ~7) + AttributeHeader.ValueBlockCount * sizeof(ulong) <= bytes.Length:
                CheckValueBlocks(pointer, pointer + (ulong)(nameEnd + 7 & ~7), name, (int)header.ValueLength);
                break;
            default:
                Report(pointer, $"has the attribute {NameText.Of(name)}, whose value does not lie where it could.");
                break;
        }
    }

    private void CheckValueBlocks(ArenaPointer pointer, ArenaPointer table, ReadOnlySpan<byte> name, int valueLength)
    {
        ReadOnlySpan<ulong> blocks = context.Arena.Words(table, AttributeHeader.ValueBlockCount);
        int needed = (valueLength + Layout.BlockSizeInBytes - 1) >> Layout.BlockSizeLog2;
        for (int index = 0; index < blocks.Length; index++)
        {
            if (index < needed)
            {
                BlockUse use = BlockUse.Of(BlockType.AttributeValue, inode, 0, (ulong)index);
                _ = context.TryClaimBlock(
                    inode,
                    $"the value of attribute {NameText.Of(name)}",
                    new ArenaPointer(blocks[index]),
                    use,
                    new IncomingLink(link, pointer.Value));
            }
            else if (blocks[index] != 0)
            {
                Report(pointer, $"has more blocks than the value of attribute {NameText.Of(name)} needs.");
            }
        }
    }

    /// <summary>An attribute that cannot be: it is taken out of the list.</summary>
    private void Report(ArenaPointer attribute, string message) => context.Findings.AddAt(
        FindingKind.Attribute, inode, attribute, message, Repairs.Redirect(inode, link, attribute.Value, next));
}
