using System.Text;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>
/// Reads a tree straight from the format, by none of the code that wrote it. The checker has found nothing before.
/// </summary>
internal sealed class TreeReader
{
    private const ulong PointerMask = (1UL << 56) - 1 & ~0x3FUL;
    private const ulong KindMask = 0xF;
    private const int PointersPerNode = 512;

    private readonly Arena arena;
    private readonly SortedDictionary<string, FileImage> files = new(StringComparer.Ordinal);
    private readonly Queue<(string Path, InodeNumber Directory)> unread = new();

    private TreeReader(Volume volume)
    {
        arena = volume.Space.Arena;
    }

    public static TreeImage Read(Volume volume)
    {
        var reader = new TreeReader(volume);
        reader.Add("", volume.DefaultTree.Root);
        while (reader.unread.TryDequeue(out (string Path, InodeNumber Directory) next))
        {
            reader.ReadDirectory(next.Path, next.Directory);
        }
        return new TreeImage(reader.files);
    }

    private void Add(string path, InodeNumber inode)
    {
        InodeRecord record = arena.At<InodeRecord>(inode.Record);
        var word = new ContentsWord(record.ContentsWord);
        var blocks = new SortedDictionary<ulong, byte[]>();
        bool hasContents = ModeBits.IsRegular(record.Mode) || ModeBits.IsSymbolicLink(record.Mode);
        if (word.Kind == ContentsKind.Packed)
        {
            AddBytes(blocks, 0, arena.Bytes(new ArenaPointer(record.Contents), (int)record.Size), record.Size);
        }
        if (word.Kind == ContentsKind.Mapped)
        {
            ReadMap(blocks, new MapEntry(record.Contents), word.Height, word.RootLog2, 0, record.Size);
        }
        SortedDictionary<string, string> attributes = ReadAttributes(new ArenaPointer(record.Attributes));
        if (ModeBits.IsDirectory(record.Mode)) unread.Enqueue((path, inode));
        if (hasContents || ModeBits.IsDirectory(record.Mode)) record.Contents = 0;
        files.Add(path, new FileImage(inode, record, attributes, blocks));
    }

    private void ReadDirectory(string path, InodeNumber directory) =>
        ReadPointer(path, arena.At<InodeRecord>(directory.Record).Contents);

    private void ReadPointer(string path, ulong pointer)
    {
        var target = new ArenaPointer(pointer & PointerMask);
        if ((pointer & KindMask) == 1) ReadLeaf(path, target);
        if ((pointer & KindMask) != 2) return;
        ReadOnlySpan<ulong> pointers = arena.Words(target, PointersPerNode);
        for (int index = 0; index < PointersPerNode; index++)
        {
            if (index == 0 || pointers[index] != pointers[index - 1]) ReadPointer(path, pointers[index]);
        }
    }

    private void ReadLeaf(string path, ArenaPointer leaf)
    {
        int slotCount = new FillWord(arena.At<LeafHeader>(leaf).Fill).SlotCount;
        for (int index = 0; index < slotCount; index++)
        {
            ushort position = arena.At<ushort>(leaf + (ulong)(LeafHeader.SizeInBytes + index * sizeof(uint)));
            if (position == 0) continue;
            DirectoryEntryHeader entry = arena.At<DirectoryEntryHeader>(leaf + position);
            ReadOnlySpan<byte> name = arena.Bytes(leaf + position + DirectoryEntryHeader.SizeInBytes, entry.NameLength);
            Add($"{path}/{Encoding.Latin1.GetString(name)}", entry.Inode);
        }
    }

    private void ReadMap(
        SortedDictionary<ulong, byte[]> blocks, MapEntry entry, int height, int rootLog2, ulong position, ulong size)
    {
        if (entry.IsHole) return;
        if (!entry.IsNode)
        {
            int count = entry.IsFrame ? Layout.BlocksPerFrame : 1;
            AddBytes(blocks, position, arena.Bytes(entry.Pointer, count * Layout.BlockSizeInBytes), size);
            return;
        }
        ReadOnlySpan<ulong> entries = arena.Words(entry.Pointer, 1 << rootLog2);
        for (int index = 0; index < entries.Length; index++)
            ReadMap(blocks, new MapEntry(entries[index]), height - 1, 9, position + ((ulong)index << 9 * (height - 1)),
                size);
    }

    private static void AddBytes(
        SortedDictionary<ulong, byte[]> blocks, ulong position, ReadOnlySpan<byte> bytes, ulong size)
    {
        for (; !bytes.IsEmpty; position++)
        {
            ulong start = position * Layout.BlockSizeInBytes;
            if (start >= size) return;
            int length = (int)Math.Min((ulong)Math.Min(bytes.Length, Layout.BlockSizeInBytes), size - start);
            if (bytes[..length].ContainsAnyExcept((byte)0))
            {
                blocks[position] = new byte[Layout.BlockSizeInBytes];
                bytes[..length].CopyTo(blocks[position]);
            }
            bytes = bytes[Math.Min(bytes.Length, Layout.BlockSizeInBytes)..];
        }
    }

    private SortedDictionary<string, string> ReadAttributes(ArenaPointer attribute)
    {
        var attributes = new SortedDictionary<string, string>(StringComparer.Ordinal);
        while (!attribute.IsNull)
        {
            AttributeHeader header = arena.At<AttributeHeader>(attribute);
            ArenaPointer name = attribute + AttributeHeader.SizeInBytes;
            ArenaPointer value = name + header.NameLength;
            var bytes = new List<byte>((int)header.ValueLength);
            if (header.IsIndirect == 0) bytes.AddRange(arena.Bytes(value, (int)header.ValueLength));
            var offsets = new ArenaPointer(value.Value + 7 & ~7UL);
            for (int index = 0; bytes.Count < header.ValueLength; index++)
            {
                int length = Math.Min((int)header.ValueLength - bytes.Count, Layout.BlockSizeInBytes);
                bytes.AddRange(
                    arena.Bytes(new ArenaPointer(arena.At<ulong>(offsets + (ulong)(index * sizeof(ulong)))), length));
            }
            attributes.Add(
                Encoding.Latin1.GetString(arena.Bytes(name, header.NameLength)), Encoding.Latin1.GetString([.. bytes]));
            attribute = new ArenaPointer(header.Next);
        }
        return attributes;
    }
}
