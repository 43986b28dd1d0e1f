using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Structures;

/// <summary>The radix map of one file: from file block to arena block or data frame (FORMAT.md, section 8).</summary>
/// <remarks>
/// A view: nothing is kept beside the record and the nodes. A look needs the inode's lock shared, a change needs it
/// exclusively. Whatever an entry leads to is checked for owner, level and position before it is used, so no loop
/// visits a node twice.
/// </remarks>
internal readonly ref partial struct ExtentMap
{
    private readonly Space space;
    private readonly InodeNumber inode;
    private readonly ref readonly InodeRecord record;

    /// <param name="space">The arena.</param>
    /// <param name="inode">The file.</param>
    /// <param name="record">Its record, in the arena.</param>
    public ExtentMap(Space space, InodeNumber inode, ref readonly InodeRecord record)
    {
        this.space = space;
        this.inode = inode;
        this.record = ref record;
    }

    /// <summary>Whether the contents are a map at all; of other contents, every block reads as a hole here.</summary>
    public bool IsMapped => new ContentsWord(record.ContentsWord).Kind == ContentsKind.Mapped;

    private MapShape Shape
    {
        get
        {
            var word = new ContentsWord(record.ContentsWord);
            if (word.Kind != ContentsKind.Mapped) return default;
            var shape = new MapShape(word.Height, word.RootLog2);
            if (!shape.IsValid) throw new ArenaCorruptException($"The map of inode {inode} has an impossible shape.");
            return shape;
        }
    }

    /// <summary>The extent that begins at <paramref name="block"/>; what follows it may be of the same kind.</summary>
    /// <param name="block">A file block; one past what the map covers is in a hole.</param>
    /// <param name="countMax">Blocks the caller is interested in, at least 1.</param>
    public Extent Find(ulong block, ulong countMax)
    {
        if (!IsMapped) return Extent.Hole(countMax);
        MapShape shape = Shape;
        ulong coverage = shape.Coverage;
        if (block >= coverage) return Extent.Hole(countMax);
        int level = shape.Height;
        ulong position = 0;
        MapEntry entry = Read(record.Contents);
        while (level > 1 && entry.IsNode)
        {
            ReadOnlySpan<ulong> entries = Node(entry, shape, level, position);
            int coverageLog2 = MapShape.EntryCoverageLog2(level);
            ulong index = (block - position) >> coverageLog2;
            coverage = 1UL << coverageLog2;
            position += index << coverageLog2;
            entry = Read(entries[(int)index]);
            level--;
        }
        if (entry.IsHole) return Extent.Hole(Math.Min(countMax, position + coverage - block));
        if (level == 1 && entry.IsNode) return FindInLeaf(Node(entry, shape, 1, position), block, position, countMax);
        RequireContents(entry, level, position, coverage);
        ArenaPointer pointer = entry.Pointer + ((block - position) << Layout.BlockSizeLog2);
        return new Extent(pointer, Math.Min(countMax, position + coverage - block), entry.IsFrame);
    }

    /// <summary>
    /// How many of the blocks from <paramref name="first"/> to before <paramref name="end"/> are in holes.
    /// </summary>
    /// <param name="first">The first block.</param>
    /// <param name="end">The block behind the last.</param>
    /// <param name="limit">A count at which to stop counting: the result is no less than it then.</param>
    public ulong CountHoles(ulong first, ulong end, ulong limit = ulong.MaxValue)
    {
        ulong holes = 0;
        while (first < end && holes < limit)
        {
            Extent extent = Find(first, end - first);
            if (extent.IsHole) holes += extent.BlockCount;
            first += extent.BlockCount;
        }
        return holes;
    }

    private Extent FindInLeaf(ReadOnlySpan<ulong> entries, ulong block, ulong position, ulong countMax)
    {
        int index = (int)(block - position);
        int end = index + (int)Math.Min(countMax, (ulong)(entries.Length - index));
        MapEntry first = Read(entries[index]);
        int next = index + 1;
        if (first.IsHole)
        {
            while (next < end && entries[next] == 0) next++;
            return Extent.Hole((ulong)(next - index));
        }
        RequireContents(first, 0, block, 1);
        while (next < end && entries[next] == first.Value + ((ulong)(next - index) << Layout.BlockSizeLog2))
        {
            RequireContents(Read(entries[next]), 0, position + (ulong)next, 1);
            next++;
        }
        return new Extent(first.Pointer, (ulong)(next - index), IsFrame: false);
    }

    /// <summary>The entries of the node that <paramref name="entry"/> leads to.</summary>
    private ReadOnlySpan<ulong> Node(MapEntry entry, MapShape shape, int level, ulong position)
    {
        if (!entry.IsNode || level == 0) ThrowMisplaced(entry);
        int log2 = shape.NodeLog2(level);
        if (log2 == MapShape.FanoutLog2) space.Table.RequireBlock(entry.Pointer, NodeUse(level, position));
        else space.Table.RequireObject(entry.Pointer, SmallRootSlab(log2));
        return space.Arena.Words(entry.Pointer, 1 << log2);
    }

    /// <summary>
    /// Insists that an entry which is neither hole nor node leads to contents that belong at its place.
    /// </summary>
    private void RequireContents(MapEntry entry, int level, ulong position, ulong coverage)
    {
        if (entry.IsBlock && level == 0) space.Table.RequireBlock(entry.Pointer, DataUse(position));
        else if (entry.IsFrame && level == 1 && coverage == Layout.BlocksPerFrame)
            space.Table.RequireDataFrame(entry.Pointer, inode, position);
        else ThrowMisplaced(entry);
    }

    private MapEntry Read(ulong word)
    {
        var entry = new MapEntry(word);
        if (!entry.IsValid) ThrowMisplaced(entry);
        return entry;
    }

    private BlockUse DataUse(ulong block) => BlockUse.Of(BlockType.Data, inode, 0, block);

    private BlockUse NodeUse(int level, ulong position) => BlockUse.Of(BlockType.MapNode, inode, level, position);

    private static BlockType SmallRootSlab(int log2) => SizeClass.Holding(sizeof(ulong) << log2);

    private void ThrowMisplaced(MapEntry entry) =>
        throw new ArenaCorruptException($"The map of inode {inode} has an entry {entry.Value:x} where it cannot be.");
}
