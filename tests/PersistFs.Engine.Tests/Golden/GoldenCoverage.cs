using PersistFs.Engine.Check;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Golden;

/// <summary>Shapes of contents, directories and attributes that an arena holds.</summary>
internal sealed class GoldenCoverage
{
    private readonly Space space;
    private readonly SortedSet<string> shapes = new(StringComparer.Ordinal);

    public GoldenCoverage(Volume volume)
    {
        space = volume.Space;
        foreach (InodeNumber inode in new CheckContext(space, progress: null).AllocatedInodes("shapes"))
        {
            ref readonly InodeRecord record = ref space.Arena.At<InodeRecord>(inode.Record);
            Add(in record);
            for (var pointer = new ArenaPointer(record.Attributes); !pointer.IsNull;)
            {
                ref readonly AttributeHeader header = ref space.Arena.At<AttributeHeader>(pointer);
                shapes.Add($"attribute {(header.IsIndirect == 1 ? "in blocks" : "in place")}");
                pointer = new ArenaPointer(header.Next);
            }
        }
    }

    /// <summary>What the format knows.</summary>
    public static IEnumerable<string> All { get; } = new SortedSet<string>(
        [
            "attribute in blocks", "attribute in place",
            "directory None", "directory hash number 1", "directory node 0", "directory node 1",
            "directory leaf 256", "directory leaf 512", "directory leaf 1024", "directory leaf 2048",
            "directory leaf 4096",
            "file None", "file Packed 64", "file Packed 128", "file Packed 192", "file Packed 256", "file Packed 320",
            "file Packed 448", "file Packed 512", "file Packed 640", "file Packed 768", "file Packed 1024",
            "file Packed 1344", "file Packed 2048",
            "file Mapped height 0 root 0", "file Mapped height 1 root 3", "file Mapped height 1 root 6",
            "file Mapped height 1 root 9", "file Mapped height 2 root 9", "file Mapped height 3 root 9",
            "file Mapped height 4 root 9", "file Mapped height 5 root 9", "file Mapped height 6 root 9",
            "file Mapped frame below a node", "file Mapped frame as the root",
            "type 0x1000", "type 0x2000", "type 0x4000", "type 0x6000", "type 0x8000", "type 0xa000", "type 0xc000",
        ],
        StringComparer.Ordinal);

    /// <summary>What there is in the arena.</summary>
    public IEnumerable<string> Shapes => shapes;

    private void Add(in InodeRecord record)
    {
        var word = new ContentsWord(record.ContentsWord);
        shapes.Add($"type 0x{record.Mode & ModeBits.TypeMask:x}");
        switch (word.Kind)
        {
            case ContentsKind.Directory:
                AddDirectory(new DirectoryPointer(record.Contents), 0);
                break;
            case ContentsKind.Mapped:
                shapes.Add($"file Mapped height {word.Height} root {word.RootLog2}");
                AddMap(in record, word);
                break;
            case ContentsKind.Packed:
                var packed = new ArenaPointer(record.Contents);
                BlockDescriptor block = space.Table.BlockAt(packed.Frame, packed.BlockInFrame);
                shapes.Add($"file Packed {SizeClass.ObjectSize((BlockType)(byte)block.TypeWord)}");
                break;
            default:
                shapes.Add($"file {word.Kind}");
                break;
        }
    }

    private void AddMap(in InodeRecord record, ContentsWord word)
    {
        var root = new MapEntry(record.Contents);
        if (root.IsFrame) shapes.Add("file Mapped frame as the root");
        if (word.Height != 2 || !root.IsNode) return;
        foreach (ulong entry in space.Arena.Words(root.Pointer, Layout.BlockSizeInBytes / sizeof(ulong)))
        {
            if (new MapEntry(entry).IsFrame) shapes.Add("file Mapped frame below a node");
        }
    }

    private void AddDirectory(DirectoryPointer pointer, int depth)
    {
        if (pointer.IsNull && depth == 0) shapes.Add("directory None");
        if (pointer.IsLeaf) AddLeaf(pointer.Target);
        if (!pointer.IsNode) return;
        shapes.Add($"directory node {depth}");
        foreach (ulong below in space.Arena.Words(pointer.Target, Layout.BlockSizeInBytes / sizeof(ulong)))
            AddDirectory(new DirectoryPointer(below), depth + 1);
    }

    private void AddLeaf(ArenaPointer pointer)
    {
        int size = space.Arena.At<LeafHeader>(pointer).LeafSizeInBytes;
        shapes.Add($"directory leaf {size}");
        var leaf = new DirectoryLeaf(space.Arena.Bytes(pointer, size));
        foreach (uint slot in leaf.Slots)
        {
            int position = (ushort)slot;
            if (position != 0 && new DirectoryKey(leaf.EntryAt(position).Key).Number == 1)
                shapes.Add("directory hash number 1");
        }
    }
}
