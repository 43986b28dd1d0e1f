using System.Diagnostics.CodeAnalysis;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Structures;

internal readonly ref partial struct ExtentMap
{
    /// <summary>
    /// Blocks that the nodes cost at worst which filling a range of blocks needs. Exact within one leaf.
    /// </summary>
    /// <param name="first">The first block.</param>
    /// <param name="end">The block behind the last; greater than <paramref name="first"/>.</param>
    public int NodesToFill(ulong first, ulong end)
    {
        ulong last = end - 1;
        MapShape shape = Shape;
        bool isEmpty = !IsMapped || record.Contents == 0;
        if (!isEmpty && last < shape.Coverage && first >> MapShape.FanoutLog2 == last >> MapShape.FanoutLog2)
            return LevelsMissing(first);
        MapShape wanted = last < shape.Coverage ? shape : MapShape.Covering(last);
        int nodes = isEmpty ? 0 : wanted.Height - shape.Height;
        // A small root is replaced on the way to a greater height.
        if (shape.Height == 1 && shape.RootLog2 < MapShape.FanoutLog2) nodes++;
        for (int level = 1; level <= wanted.Height; level++)
        {
            int log2 = MapShape.EntryCoverageLog2(level + 1);
            nodes += (int)((last >> log2) - (first >> log2)) + 1;
        }
        return nodes;
    }

    /// <summary>
    /// Whether a data frame can be put in at <paramref name="block"/>: nothing is below that place, not even a node.
    /// </summary>
    /// <param name="block">A multiple of 512.</param>
    public bool IsFrameFree(ulong block)
    {
        MapShape shape = Shape;
        if (!IsMapped || record.Contents == 0 || block >= shape.Coverage) return true;
        ulong position = 0;
        MapEntry entry = Read(record.Contents);
        for (int level = shape.Height; level > 1; level--)
        {
            if (entry.IsHole) return true;
            entry = Read(Node(entry, shape, level, position)[IndexAt(block, level, ref position)]);
        }
        return entry.IsHole;
    }

    /// <summary>Puts a data block into a hole. What its nodes cost is reserved.</summary>
    public void InsertBlock(Transaction transaction, ulong block, ArenaPointer pointer)
    {
        Cover(transaction, block);
        Insert(transaction, block, 0, MapEntry.Block(pointer));
    }

    /// <summary>Puts a data frame where <see cref="IsFrameFree"/> holds. What its nodes cost is reserved.</summary>
    public void InsertFrame(Transaction transaction, ulong block, ArenaPointer pointer)
    {
        Cover(transaction, block + Layout.BlocksPerFrame - 1);
        Insert(transaction, block, 1, MapEntry.Frame(pointer));
    }

    /// <summary>Stores an entry at a level, making the nodes above it that are not there.</summary>
    private void Insert(Transaction transaction, ulong block, int targetLevel, MapEntry entry)
    {
        MapShape shape = Shape;
        ulong position = 0;
        ref readonly ulong slot = ref record.Contents;
        for (int level = shape.Height; level > targetLevel; level--)
        {
            if (slot == 0)
                transaction.Set(in slot, MapEntry.Node(CreateNode(transaction, shape, level, position)).Value);
            ReadOnlySpan<ulong> entries = Node(Read(slot), shape, level, position);
            slot = ref entries[IndexAt(block, level, ref position)];
        }
        if (slot != 0) FailOccupied();
        transaction.Set(in slot, entry.Value);
    }

    /// <summary>
    /// Makes the map large enough to have a place for <paramref name="block"/>, without a step in between.
    /// </summary>
    /// <remarks>
    /// Called for the last block of a range that is filled then, it costs no more than <see cref="NodesToFill"/> says.
    /// </remarks>
    public void Cover(Transaction transaction, ulong block)
    {
        if (IsMapped && block < Shape.Coverage) return;
        if (!IsMapped || record.Contents == 0)
        {
            transaction.Set(in record.Contents, 0UL);
            SetShape(transaction, MapShape.Covering(block));
            return;
        }
        while (block >= Shape.Coverage) Raise(transaction, block);
    }

    /// <summary>Replaces the root by a larger one, or puts one above it.</summary>
    private void Raise(Transaction transaction, ulong block)
    {
        MapShape shape = Shape;
        MapShape raised = shape.RaisedTowards(block);
        MapEntry root = Read(record.Contents);
        ArenaPointer node = CreateNode(transaction, raised, raised.Height, 0);
        if (raised.Height > shape.Height)
        {
            transaction.WriteFresh(node, in root);
        }
        else
        {
            ReadOnlySpan<ulong> entries = Node(root, shape, shape.Height, 0);
            transaction.WriteData(node, System.Runtime.InteropServices.MemoryMarshal.AsBytes(entries));
            transaction.Free(root.Pointer, SmallRootSlab(shape.RootLog2));
        }
        transaction.Set(in record.Contents, MapEntry.Node(node).Value);
        SetShape(transaction, raised);
    }

    private ArenaPointer CreateNode(Transaction transaction, MapShape shape, int level, ulong position)
    {
        int log2 = shape.NodeLog2(level);
        ArenaPointer node = log2 == MapShape.FanoutLog2
            ? transaction.AllocateBlock(NodeUse(level, position))
            : transaction.AllocateObject(SmallRootSlab(log2));
        transaction.ZeroData(node, sizeof(ulong) << log2);
        return node;
    }

    private void SetShape(Transaction transaction, MapShape shape) => transaction.Set(
        in record.ContentsWord,
        new ContentsWord(record.ContentsWord).WithShape(ContentsKind.Mapped, shape.Height, shape.RootLog2).Value);

    /// <summary>Nodes that are missing between the root and the leaf of a block that the map covers.</summary>
    private int LevelsMissing(ulong block)
    {
        MapShape shape = Shape;
        ulong position = 0;
        MapEntry entry = Read(record.Contents);
        int level = shape.Height;
        while (level > 0 && entry.IsNode)
        {
            ReadOnlySpan<ulong> entries = Node(entry, shape, level, position);
            entry = Read(entries[IndexAt(block, level, ref position)]);
            level--;
        }
        return level;
    }

    /// <summary>
    /// Which entry of a node leads to <paramref name="block"/>; moves the position from the node to the entry.
    /// </summary>
    private static int IndexAt(ulong block, int level, ref ulong position)
    {
        int log2 = MapShape.EntryCoverageLog2(level);
        ulong index = (block - position) >> log2;
        position += index << log2;
        return (int)index;
    }

    [DoesNotReturn]
    private static void FailOccupied() => Environment.FailFast("A block is put where the file has one already.");
}
