using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Structures;

internal readonly ref partial struct ExtentMap
{
    /// <summary>
    /// The most that emptying one leaf frees: its blocks and itself. A budget below that may not get on.
    /// </summary>
    public const int RemovalBudgetMin = Layout.BlocksPerFrame + 1;

    /// <summary>
    /// Frees blocks from the range's end backwards, the frames that lie wholly in it, and nodes that become empty.
    /// </summary>
    /// <param name="transaction">Frees what its journal has room for, which is the budget.</param>
    /// <param name="removal">What goes; its budget is at least <see cref="RemovalBudgetMin"/>.</param>
    /// <returns>False when the budget did not suffice: what is left is at the front of the range.</returns>
    public bool Remove(Transaction transaction, ref Removal removal)
    {
        if (!IsMapped) return true;
        MapShape shape = Shape;
        if (removal.First >= Math.Min(removal.End, shape.Coverage)) return true;
        bool isFinished = RemoveAt(transaction, in record.Contents, shape, shape.Height, 0, ref removal);
        if (record.Contents == 0) ForgetMap(transaction);
        else if (isFinished) Lower(transaction);
        return isFinished;
    }

    private bool RemoveAt(
        Transaction transaction, ref readonly ulong slot, MapShape shape, int level, ulong position,
        ref Removal removal)
    {
        MapEntry entry = Read(slot);
        if (entry.IsHole) return true;
        if (entry.IsNode)
        {
            return level == 1
                ? RemoveFromLeaf(transaction, in slot, shape, position, ref removal)
                : RemoveFromNode(transaction, in slot, shape, level, position, ref removal);
        }
        ulong coverage = level == shape.Height ? shape.Coverage : 1UL << MapShape.EntryCoverageLog2(level + 1);
        RequireContents(entry, level, position, coverage);
        // Of a frame that is only partly in the range nothing can be given back.
        if (position < removal.First || position + coverage > removal.End) return true;
        if (removal.Budget == 0) return false;
        removal.Budget--;
        removal.Blocks += coverage;
        transaction.Free(entry.Pointer, entry.IsFrame ? BlockType.DataFrame : BlockType.Data);
        transaction.Set(in slot, 0UL);
        return true;
    }

    private bool RemoveFromNode(
        Transaction transaction, ref readonly ulong slot, MapShape shape, int level, ulong position,
        ref Removal removal)
    {
        ReadOnlySpan<ulong> entries = Node(Read(slot), shape, level, position);
        int log2 = MapShape.EntryCoverageLog2(level);
        int low = (int)((Math.Max(removal.First, position) - position) >> log2);
        int high = (int)Math.Min(((removal.End - position - 1) >> log2) + 1, (ulong)entries.Length);
        for (int index = high - 1; index >= low; index--)
        {
            if (entries[index] == 0) continue;
            ulong child = position + ((ulong)index << log2);
            if (!RemoveAt(transaction, in entries[index], shape, level - 1, child, ref removal)) return false;
        }
        if (entries.ContainsAnyExcept(0UL)) return true;
        if (removal.Budget == 0) return false;
        FreeNode(transaction, in slot, shape, level, ref removal);
        return true;
    }

    private bool RemoveFromLeaf(
        Transaction transaction, ref readonly ulong slot, MapShape shape, ulong position, ref Removal removal)
    {
        if (removal.Budget < RemovalBudgetMin) return false;
        ReadOnlySpan<ulong> entries = Node(Read(slot), shape, 1, position);
        int low = (int)(Math.Max(removal.First, position) - position);
        int high = (int)Math.Min(removal.End - position, (ulong)entries.Length);
        bool isEmptied = !entries[..low].ContainsAnyExcept(0UL) && !entries[high..].ContainsAnyExcept(0UL);
        for (int index = high - 1; index >= low; index--)
        {
            MapEntry entry = Read(entries[index]);
            if (entry.IsHole) continue;
            RequireContents(entry, 0, position + (ulong)index, 1);
            removal.Budget--;
            removal.Blocks++;
            transaction.Free(entry.Pointer, BlockType.Data);
            // A leaf that goes as a whole is not worth an undo entry for each of its blocks.
            if (!isEmptied) transaction.Set(in entries[index], 0UL);
        }
        if (isEmptied) FreeNode(transaction, in slot, shape, level: 1, ref removal);
        return true;
    }

    private void FreeNode(
        Transaction transaction, ref readonly ulong slot, MapShape shape, int level, ref Removal removal)
    {
        int log2 = shape.NodeLog2(level);
        removal.Budget--;
        BlockType type = log2 == MapShape.FanoutLog2 ? BlockType.MapNode : SmallRootSlab(log2);
        transaction.Free(new MapEntry(slot).Pointer, type);
        transaction.Set(in slot, 0UL);
    }

    private void ForgetMap(Transaction transaction) => transaction.Set(
        in record.ContentsWord, new ContentsWord(record.ContentsWord).WithShape(ContentsKind.None).Value);

    /// <summary>Takes away root nodes that lead to nothing but their first entry.</summary>
    private void Lower(Transaction transaction)
    {
        for (MapShape shape = Shape; shape.Height > 1; shape = Shape)
        {
            MapEntry root = Read(record.Contents);
            ReadOnlySpan<ulong> entries = Node(root, shape, shape.Height, 0);
            if (entries[1..].ContainsAnyExcept(0UL)) return;
            transaction.Set(in record.Contents, entries[0]);
            transaction.Free(root.Pointer, BlockType.MapNode);
            SetShape(transaction, new MapShape(shape.Height - 1, MapShape.FanoutLog2));
        }
    }
}
