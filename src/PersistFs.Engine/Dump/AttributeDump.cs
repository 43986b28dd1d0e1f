using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Dump;

/// <summary>The extended attributes of one inode.</summary>
internal sealed class AttributeDump
{
    private const int ValueShownMax = 64;

    private readonly ArenaReader image;
    private readonly FrameTableReader table;
    private readonly DumpText text;

    public AttributeDump(ArenaReader image, FrameTableReader table, DumpText text)
    {
        this.image = image;
        this.table = table;
        this.text = text;
    }

    public void Write(InodeNumber inode, in InodeRecord record)
    {
        if (record.Attributes == 0) return;
        text.Item("attributes");
        var pointer = new ArenaPointer(record.Attributes);
        for (int count = 0; !pointer.IsNull; count++)
        {
            // A list that runs in a circle ends here as well.
            if (count == text.ItemsMax)
            {
                text.Detail("... and more");
                return;
            }
            if (!table.IsGeneralObject(pointer, out int size))
            {
                text.Detail($"{pointer}: no object is there");
                return;
            }
            var bytes = new byte[size];
            image.Read(pointer, bytes);
            AttributeHeader header = System.Runtime.InteropServices.MemoryMarshal.Read<AttributeHeader>(bytes);
            WriteAttribute(inode, pointer, bytes, in header);
            pointer = new ArenaPointer(header.Next);
        }
    }

    private void WriteAttribute(
        InodeNumber inode, ArenaPointer pointer, ReadOnlySpan<byte> bytes, in AttributeHeader header)
    {
        int nameEnd = AttributeHeader.SizeInBytes + header.NameLength;
        if (nameEnd > bytes.Length)
        {
            text.Detail($"{pointer}: a name of {header.NameLength} bytes in an object of {bytes.Length}");
            return;
        }
        string name = NameText.Of(bytes[AttributeHeader.SizeInBytes..nameEnd]);
        if (header.IsIndirect == 0)
        {
            ReadOnlySpan<byte> value = bytes[nameEnd..];
            value = value[..(int)Math.Min(Math.Min(header.ValueLength, (uint)value.Length), ValueShownMax)];
            text.Detail(
                $"{pointer}: {name}, {header.ValueLength} bytes: "
                    + $"{NameText.Of(value)}{(header.ValueLength > value.Length ? " ..." : "")}");
            return;
        }
        text.Detail(
            $"{pointer}: {name}, {header.ValueLength} bytes in blocks "
                + $"{BlocksOf(inode, bytes[Math.Min(bytes.Length, nameEnd + 7 & ~7)..])}");
    }

    private string BlocksOf(InodeNumber inode, ReadOnlySpan<byte> offsets)
    {
        var blocks = new List<string>();
        ReadOnlySpan<ulong> words = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(offsets);
        for (int index = 0; index < Math.Min(words.Length, AttributeHeader.ValueBlockCount); index++)
        {
            if (words[index] == 0) continue;
            var block = new ArenaPointer(words[index]);
            bool isThere = table.IsBlock(block, BlockUse.Of(BlockType.AttributeValue, inode, 0, (ulong)index));
            blocks.Add(isThere ? $"{block}" : $"{block} (which is none of it)");
        }
        return string.Join(", ", blocks);
    }
}
