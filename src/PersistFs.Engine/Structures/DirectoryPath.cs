using System.Runtime.CompilerServices;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Structures;

/// <summary>The way from a directory's inode down to the leaf where a key belongs.</summary>
internal struct DirectoryPath
{
    private NodeSet nodes;

    /// <summary>Nodes passed on the way; the pointer to the leaf is in the last of them, or in the inode.</summary>
    public int NodeCount { get; private set; }

    /// <summary>What the last node or the inode holds for the key: a leaf or nothing.</summary>
    public DirectoryPointer End { get; set; }

    [InlineArray(DirectoryKey.NodeDepthMax)]
    private struct NodeSet
    {
        private ArenaPointer node0;
    }

    public readonly ArenaPointer NodeAt(int depth) => nodes[depth];

    /// <summary>The node that points to the leaf; only if there is one.</summary>
    public readonly ArenaPointer LastNode => nodes[NodeCount - 1];

    public void Push(ArenaPointer node) => nodes[NodeCount++] = node;

    public void Pop() => NodeCount--;
}
