using PersistFs.Engine.Format;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>All that can be seen of one name's file.</summary>
/// <param name="Inode">Its number.</param>
/// <param name="Record">Its record, without what only the allocation knows.</param>
/// <param name="Attributes">Its extended attributes, in order of their names.</param>
/// <param name="Blocks">The 4-KiB blocks of its contents that are not zero, cut off at its size.</param>
internal sealed record FileImage(
    InodeNumber Inode, InodeRecord Record, SortedDictionary<string, string> Attributes,
    SortedDictionary<ulong, byte[]> Blocks)
{
    /// <summary>What is different in <paramref name="other"/> beside the contents; null if nothing is.</summary>
    public string? FindDifference(FileImage other)
    {
        if (Inode != other.Inode) return $"inode {Inode} is {other.Inode}";
        InodeRecord left = Record;
        InodeRecord right = other.Record;
        if (left.Mode != right.Mode) return $"mode {left.Mode:x} is {right.Mode:x}";
        if (left.LinkCount != right.LinkCount) return $"link count {left.LinkCount} is {right.LinkCount}";
        if (left.UserId != right.UserId || left.GroupId != right.GroupId) return "its owner is another";
        if (left.Size != right.Size) return $"size {left.Size} is {right.Size}";
        if (left.AccessTime != right.AccessTime) return "its access time is another";
        if (left.ModificationTime != right.ModificationTime) return "its modification time is another";
        if (left.ChangeTime != right.ChangeTime) return "its change time is another";
        if (left.BirthTime != right.BirthTime) return "its birth time is another";
        if (left.Generation != right.Generation) return "its generation is another";
        if (left.Flags != right.Flags) return $"flags {left.Flags:x} are {right.Flags:x}";
        if (left.Parent != right.Parent) return $"parent {left.Parent} is {right.Parent}";
        if (left.Contents != right.Contents) return $"device {left.Contents:x} is {right.Contents:x}";
        return Attributes.SequenceEqual(other.Attributes) ? null : "its extended attributes are others";
    }

    /// <summary>The same but for what each step of a longer operation changes: size and times.</summary>
    public FileImage WithoutStep()
    {
        InodeRecord record = Record;
        record.Size = 0;
        record.AccessTime = 0;
        record.ModificationTime = 0;
        record.ChangeTime = 0;
        return this with { Record = record };
    }

    /// <summary>The same but for what depends on when it was made, and on which numbers were free then.</summary>
    public FileImage WithoutMoment()
    {
        InodeRecord record = WithoutStep().Record;
        record.Size = Record.Size;
        record.BirthTime = 0;
        record.Generation = 0;
        record.Parent = 0;
        return this with { Inode = InodeNumber.None, Record = record };
    }

    public bool HasContentsOf(FileImage other) => Blocks.Count == other.Blocks.Count
        && Blocks.All(block => other.Blocks.TryGetValue(block.Key, out byte[]? bytes)
            && block.Value.AsSpan().SequenceEqual(bytes));

    /// <summary>Whether each byte is that of one of two other files at its place.</summary>
    public bool IsMixtureOf(FileImage first, FileImage second)
    {
        foreach (ulong block in Blocks.Keys.Union(first.Blocks.Keys).Union(second.Blocks.Keys))
        {
            ReadOnlySpan<byte> mine = BlockAt(block);
            ReadOnlySpan<byte> left = first.BlockAt(block);
            ReadOnlySpan<byte> right = second.BlockAt(block);
            for (int index = 0; index < mine.Length; index++)
            {
                if (mine[index] != left[index] && mine[index] != right[index]) return false;
            }
        }
        return true;
    }

    private byte[] BlockAt(ulong block) =>
        Blocks.TryGetValue(block, out byte[]? bytes) ? bytes : new byte[Layout.BlockSizeInBytes];
}
