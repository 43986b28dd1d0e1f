using PersistFs.Engine.Format;

namespace PersistFs.Engine.Structures;

/// <summary>Listing names in the order of their keys.</summary>
internal sealed partial class DirectoryMap
{
    /// <summary>Collects the names of the first leaf that has any behind <paramref name="after"/>, in order.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="record">Its record.</param>
    /// <param name="after">The key behind which to begin; on return the highest key of the places looked at.</param>
    /// <param name="keys">Receives the keys; at least <see cref="LeafHeader.EntryCountMax"/>.</param>
    /// <param name="positions">Receives their entries' positions in the leaf.</param>
    /// <param name="path">Receives the way to the leaf.</param>
    /// <returns>How many; 0 when there are no more.</returns>
    public int Collect(
        InodeNumber directory, in InodeRecord record, ref ulong after, Span<ulong> keys, Span<ushort> positions,
        out DirectoryPath path)
    {
        const ulong KeyEnd = 1UL << DirectoryKey.Bits;
        path = default;
        while (after < KeyEnd - 1)
        {
            var key = new DirectoryKey(after + 1);
            path = Descend(directory, in record, key);
            ulong placeEnd = path.End.IsNull
                ? FindNextPlace(directory, in path, key)
                : EndOfLeaf(LeafAt(directory, in path).Header.LocalDepth, path.NodeCount, key);
            int count = path.End.IsNull ? 0 : CollectLeaf(LeafAt(directory, in path), after, keys, positions);
            if (placeEnd <= after) return 0;
            after = placeEnd - 1;
            if (count > 0) return count;
        }
        return 0;
    }

    private static int CollectLeaf(DirectoryLeaf leaf, ulong after, Span<ulong> keys, Span<ushort> positions)
    {
        int count = 0;
        foreach (uint slot in leaf.Slots)
        {
            int position = new LeafSlot(slot).Position;
            if (position == 0) continue;
            ulong key = leaf.EntryAt(position).Key;
            if (key <= after || count == keys.Length) continue;
            keys[count] = key;
            positions[count++] = (ushort)position;
        }
        keys[..count].Sort(positions[..count]);
        return count;
    }

    /// <summary>The first key behind everything that belongs into the leaf.</summary>
    private static ulong EndOfLeaf(int localDepth, int nodeDepth, DirectoryKey key) =>
        EndOfPlace(SharedBits(nodeDepth, localDepth), key.Value);

    /// <summary>
    /// The first key of the next pointer behind this empty one that leads anywhere, or of what follows the node.
    /// </summary>
    private ulong FindNextPlace(InodeNumber directory, in DirectoryPath path, DirectoryKey key)
    {
        if (path.NodeCount == 0) return 1UL << DirectoryKey.Bits;
        int depth = path.NodeCount - 1;
        int index = key.IndexAt(depth);
        int step = NodeAt(directory, depth, key, path.LastNode)[(index + 1)..].IndexOfAnyExcept(0UL);
        if (step < 0) return EndOfPlace(DirectoryKey.IndexBits * depth, key.Value);
        int bits = DirectoryKey.IndexBits * (depth + 1);
        return ((key.Value >> DirectoryKey.Bits - bits) + 1 + (uint)step) << DirectoryKey.Bits - bits;
    }

    private static ulong EndOfPlace(int sharedBits, ulong key) =>
        ((key >> DirectoryKey.Bits - sharedBits) + 1) << DirectoryKey.Bits - sharedBits;
}
