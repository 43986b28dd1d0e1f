using PersistFs.Engine.Check;
using PersistFs.Engine.Format;
using PersistFs.Engine.Volumes;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>How many references the kernel holds, on every inode of an arena at one moment.</summary>
internal sealed class LookupImage
{
    private readonly SortedDictionary<string, ulong> counts;

    private LookupImage(SortedDictionary<string, ulong> counts) => this.counts = counts;

    /// <summary>Counts that are not zero, by the inode's paths; of an inode without a name, by what it is.</summary>
    public static LookupImage Read(Volume volume, TreeImage tree)
    {
        ILookup<InodeNumber, string> paths = tree.Files.ToLookup(file => file.Value.Inode, file => file.Key);
        var counts = new SortedDictionary<string, ulong>(StringComparer.Ordinal);
        foreach ((InodeNumber inode, ulong count) in Held(volume))
        {
            InodeRecord record = volume.Inodes.At(inode);
            string name = paths.Contains(inode)
                ? string.Join(" = ", paths[inode].Order(StringComparer.Ordinal))
                : $"orphan with mode {record.Mode:x} and {record.Size} bytes";
            while (counts.ContainsKey(name)) name += ", another";
            counts.Add(name, count);
        }
        return new LookupImage(counts);
    }

    /// <summary>Inodes that the kernel holds in the volume's session, with their counts.</summary>
    public static List<(InodeNumber Inode, ulong Count)> Held(Volume volume)
    {
        var held = new List<(InodeNumber Inode, ulong Count)>();
        foreach (InodeNumber inode in new CheckContext(volume.Space, progress: null).AllocatedInodes("lookups"))
        {
            ulong count = new LookupWord(volume.Space.Arena.At<InodeRecord>(inode.Record).LookupWord).CountIn(
                volume.DefaultTree.Session);
            if (count != 0) held.Add((inode, count));
        }
        return held;
    }

    /// <summary>The difference to other counts, for people; null if there is none.</summary>
    public string? FindDifference(LookupImage other) =>
        counts.SequenceEqual(other.counts) ? null : $"lookups are {this}, not {other}";

    public override string ToString() => string.Join(", ", counts.Select(count => $"{count.Key}: {count.Value}"));
}
