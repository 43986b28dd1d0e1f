using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;

namespace PersistFs.Engine.Check;

/// <summary>
/// One directory: nodes and leaves in their places, entries counted. Its leaves are looked at by
/// <see cref="LeafPass"/>.
/// </summary>
internal sealed class DirectoryPass
{
    private const int PointersPerNode = 1 << DirectoryKey.IndexBits;

    private readonly CheckContext context;
    private readonly LeafPass leaves;
    private InodeNumber directory;

    public DirectoryPass(CheckContext context, ulong seedLow, ulong seedHigh)
    {
        this.context = context;
        leaves = new LeafPass(context, seedLow, seedHigh);
    }

    public void Check(InodeNumber inode, in InodeRecord record)
    {
        directory = inode;
        leaves.Begin(inode);
        CheckPointer(context.Arena.PointerTo(in record.Contents), 0, 0);
        if (leaves.Entries != record.BlockCount)
            context.Findings.Add(
                FindingKind.EntryCount,
                inode,
                $"has {leaves.Entries} entries and counts {record.BlockCount}.",
                Repairs.SetBlockCount(inode, leaves.Entries));
        if (record.LinkCount == 0)
        {
            if (leaves.Entries > 0)
            {
                context.Findings.Add(
                    FindingKind.LinkCount,
                    inode,
                    "is a removed directory and has entries.",
                    LinkRepairs.SetLinkCount(inode, (uint)leaves.Subdirectories + 2));
            }
            return;
        }
        if (record.LinkCount != leaves.Subdirectories + 2)
            context.Findings.Add(
                FindingKind.LinkCount,
                inode,
                $"has {leaves.Subdirectories} directories in it and link count {record.LinkCount}.",
                LinkRepairs.SetLinkCount(inode, (uint)leaves.Subdirectories + 2));
    }

    /// <summary>The pointer of the inode, or of a node that leads to a node.</summary>
    /// <param name="link">Where the pointer lies.</param>
    /// <param name="depth">Depth that a node it leads to has.</param>
    /// <param name="prefix">Key bits that all names below share.</param>
    private void CheckPointer(ArenaPointer link, int depth, ulong prefix)
    {
        var pointer = new DirectoryPointer(context.Arena.At<ulong>(link));
        var way = new IncomingLink(link, pointer.Value);
        if (pointer.IsNull) return;
        if (pointer.IsLeaf && depth == 0) CheckLeaf(way, 0, 0, 0, PointersPerNode);
        else if (pointer.IsNode && depth < DirectoryKey.NodeDepthMax) CheckNode(way, depth, prefix);
        else
        {
            context.Findings.AddAt(
                FindingKind.Directory, directory, pointer.Target,
                $"has a pointer 0x{pointer.Value:x} at depth {depth}, which is unknown or too deep.",
                way.CutFor(directory));
        }
    }

    private void CheckNode(IncomingLink way, int depth, ulong prefix)
    {
        ArenaPointer node = new DirectoryPointer(way.Value).Target;
        BlockUse use = BlockUse.Of(BlockType.DirectoryNode, directory, depth, prefix);
        if (!context.TryClaimBlock(directory, $"a pointer at depth {depth}", node, use, way)) return;
        ReadOnlySpan<ulong> pointers = context.Arena.Words(node, PointersPerNode);
        int index = 0;
        while (index < PointersPerNode)
        {
            var pointer = new DirectoryPointer(pointers[index]);
            ArenaPointer link = node + (ulong)(index * sizeof(ulong));
            int run = 1;
            if (pointer.IsLeaf)
            {
                while (index + run < PointersPerNode && pointers[index + run] == pointer.Value) run++;
                CheckLeaf(new IncomingLink(link, pointer.Value, run), depth + 1, prefix, index, run);
            }
            else
            {
                CheckPointer(link, depth + 1, prefix << DirectoryKey.IndexBits | (uint)index);
            }
            index += run;
        }
    }

    /// <summary>
    /// A leaf to which <paramref name="run"/> neighbouring slots of a node lead, from <paramref name="index"/> on.
    /// </summary>
    private void CheckLeaf(IncomingLink way, int nodeDepth, ulong prefix, int index, int run)
    {
        ArenaPointer pointer = new DirectoryPointer(way.Value).Target;
        BlockType type = context.TypeAt(pointer);
        string role = $"a pointer to a leaf at depth {nodeDepth}";
        bool isClaimed = type == BlockType.DirectoryLeaf
            ? context.TryClaimBlock(directory, role, pointer, BlockUse.Of(type, directory, nodeDepth, 0), way)
            : context.TryClaimObject(directory, role, pointer, IsLeafSlab(type) ? type : SizeClass.Holding(256), way);
        if (!isClaimed) return;
        ReadOnlySpan<byte> bytes = context.Arena.Bytes(pointer, SizeClass.ObjectSize(type));
        LeafHeader header = context.Arena.At<LeafHeader>(pointer);
        bool isPlaced = header.NodeDepth == nodeDepth && header.LocalDepth <= DirectoryKey.IndexBits
            && (nodeDepth == 0 ? header.LocalDepth == 0 : run == PointersPerNode >> header.LocalDepth
                && index % run == 0);
        if (!isPlaced)
        {
            Report(pointer, $"has a leaf at {pointer} for depth {header.NodeDepth} and local depth "
                + $"{header.LocalDepth} in {run} slots "
                + $"from {index} on at depth {nodeDepth}.");
        }
        leaves.Check(pointer, bytes, nodeDepth, prefix, index, index + run);
    }

    private static bool IsLeafSlab(BlockType type) =>
        SizeClass.IsSlab(type) && SizeClass.ObjectSize(type) is 256 or 512 or 1024 or 2048;

    private void Report(ArenaPointer position, string message) =>
        context.Findings.AddAt(
            FindingKind.Directory, directory, position, message, DirectoryRepairs.Rebuild(directory));
}
