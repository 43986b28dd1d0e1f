using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;

namespace PersistFs.Engine.Checks;

/// <summary>One directory: nodes and leaves in their places, entries counted. Its leaves are looked at by <see cref="LeafPass"/>.</summary>
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
        CheckPointer(new DirectoryPointer(record.Contents), 0, 0);
        if (leaves.Entries != record.BlockCount)
            context.Findings.Add(FindingKind.EntryCount, inode, $"has {leaves.Entries} entries and counts {record.BlockCount}.");
        if (record.LinkCount == 0)
        {
            if (leaves.Entries > 0) context.Findings.Add(FindingKind.LinkCount, inode, "is a removed directory and has entries.");
            return;
        }
        if (record.LinkCount != leaves.Subdirectories + 2)
            context.Findings.Add(FindingKind.LinkCount, inode, $"has {leaves.Subdirectories} directories in it and link count {record.LinkCount}.");
    }

    /// <summary>The pointer of the inode, or of a node that leads to a node.</summary>
    /// <param name="pointer">The pointer.</param>
    /// <param name="depth">Depth that a node it leads to has.</param>
    /// <param name="prefix">Key bits that all names below share.</param>
    private void CheckPointer(DirectoryPointer pointer, int depth, ulong prefix)
    {
        if (pointer.IsNull) return;
        if (pointer.IsLeaf && depth == 0) CheckLeaf(pointer.Target, 0, 0, 0, PointersPerNode);
        else if (pointer.IsNode && depth < DirectoryKey.NodeDepthMax) CheckNode(pointer.Target, depth, prefix);
        else Report(pointer.Target, $"has a pointer 0x{pointer.Value:x} at depth {depth}, which is unknown or too deep.");
    }

    private void CheckNode(ArenaPointer node, int depth, ulong prefix)
    {
        BlockUse use = BlockUse.Of(BlockType.DirectoryNode, directory, depth, prefix);
        if (!context.TryClaimBlock(directory, $"a pointer at depth {depth}", node, use)) return;
        ReadOnlySpan<ulong> pointers = context.Arena.Words(node, PointersPerNode);
        int index = 0;
        while (index < PointersPerNode)
        {
            var pointer = new DirectoryPointer(pointers[index]);
            int run = 1;
            if (pointer.IsLeaf)
            {
                while (index + run < PointersPerNode && pointers[index + run] == pointer.Value) run++;
                CheckLeaf(pointer.Target, depth + 1, prefix, index, run);
            }
            else
            {
                CheckPointer(pointer, depth + 1, prefix << DirectoryKey.IndexBits | (uint)index);
            }
            index += run;
        }
    }

    /// <summary>A leaf to which <paramref name="run"/> neighbouring slots of a node lead, from <paramref name="index"/> on.</summary>
    private void CheckLeaf(ArenaPointer pointer, int nodeDepth, ulong prefix, int index, int run)
    {
        BlockType type = context.TypeAt(pointer);
        string role = $"a pointer to a leaf at depth {nodeDepth}";
        bool isClaimed = type == BlockType.DirectoryLeaf
            ? context.TryClaimBlock(directory, role, pointer, BlockUse.Of(type, directory, nodeDepth, 0))
            : context.TryClaimObject(directory, role, pointer, IsLeafSlab(type) ? type : SizeClass.Holding(256));
        if (!isClaimed) return;
        ReadOnlySpan<byte> bytes = context.Arena.Bytes(pointer, SizeClass.ObjectSize(type));
        LeafHeader header = context.Arena.At<LeafHeader>(pointer);
        bool isPlaced = header.NodeDepth == nodeDepth && header.LocalDepth <= DirectoryKey.IndexBits
            && (nodeDepth == 0 ? header.LocalDepth == 0 : run == PointersPerNode >> header.LocalDepth && index % run == 0);
        if (!isPlaced)
        {
            Report(pointer, $"has a leaf at {pointer} for depth {header.NodeDepth} and local depth {header.LocalDepth} in {run} slots "
                + $"from {index} on at depth {nodeDepth}.");
        }
        leaves.Check(pointer, bytes, nodeDepth, prefix, index, index + run);
    }

    private static bool IsLeafSlab(BlockType type) =>
        SizeClass.IsSlab(type) && SizeClass.ObjectSize(type) is 256 or 512 or 1024 or 2048;

    private void Report(ArenaPointer position, string message) =>
        context.Findings.AddAt(FindingKind.Directory, directory, position, message);
}
