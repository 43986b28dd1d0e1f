using PersistFs.Engine.Format;

namespace PersistFs.Engine.Structures;

internal readonly ref partial struct ExtentMap
{
    /// <summary>
    /// The first block from <paramref name="block"/> on that has memory; <see cref="ulong.MaxValue"/> if none has.
    /// </summary>
    public ulong NextData(ulong block)
    {
        MapShape shape = Shape;
        bool isFound = IsMapped && TryNext(record.Contents, shape, shape.Height, 0, isData: true, ref block);
        return isFound ? block : ulong.MaxValue;
    }

    /// <summary>
    /// The first block from <paramref name="block"/> on that is in a hole; behind what the map covers, all are.
    /// </summary>
    public ulong NextHole(ulong block)
    {
        MapShape shape = Shape;
        if (!IsMapped || TryNext(record.Contents, shape, shape.Height, 0, isData: false, ref block)) return block;
        return Math.Max(block, shape.Coverage);
    }

    /// <summary>Looks below one entry, skipping holes and frames as a whole.</summary>
    /// <param name="word">The entry.</param>
    /// <param name="shape">The map's shape.</param>
    /// <param name="level">0 for an entry that covers one block.</param>
    /// <param name="position">The first block it covers.</param>
    /// <param name="isData">Whether data is looked for, or a hole.</param>
    /// <param name="block">Where to begin; if found, where it is.</param>
    private bool TryNext(ulong word, MapShape shape, int level, ulong position, bool isData, ref ulong block)
    {
        ulong coverage = level == shape.Height ? shape.Coverage : 1UL << MapShape.EntryCoverageLog2(level + 1);
        if (block >= position + coverage) return false;
        MapEntry entry = Read(word);
        if (!entry.IsNode)
        {
            if (entry.IsHole == isData) return false;
            if (!entry.IsHole) RequireContents(entry, level, position, coverage);
            block = Math.Max(block, position);
            return true;
        }
        ReadOnlySpan<ulong> entries = Node(entry, shape, level, position);
        int log2 = MapShape.EntryCoverageLog2(level);
        for (int index = (int)((Math.Max(block, position) - position) >> log2); index < entries.Length; index++)
        {
            if (entries[index] == 0 && isData) continue;
            ulong child = position + ((ulong)index << log2);
            if (TryNext(entries[index], shape, level - 1, child, isData, ref block)) return true;
        }
        return false;
    }
}
