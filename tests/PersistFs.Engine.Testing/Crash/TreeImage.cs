namespace PersistFs.Engine.Testing.Crash;

/// <summary>A whole tree at one moment: every path with what can be seen of its file.</summary>
internal sealed class TreeImage
{
    private readonly SortedDictionary<string, FileImage> files;

    public TreeImage(SortedDictionary<string, FileImage> files) => this.files = files;

    public IReadOnlyDictionary<string, FileImage> Files => files;

    /// <summary>The part of the tree below a path, which itself is included.</summary>
    public TreeImage Below(string path) => new(new SortedDictionary<string, FileImage>(
        files.Where(file => file.Key == path || file.Key.StartsWith(path + "/", StringComparison.Ordinal))
            .ToDictionary(file => file.Key, file => file.Value),
        StringComparer.Ordinal));

    /// <summary>The same but for what depends on when its files were made and changed.</summary>
    public TreeImage WithoutMoment() => new(new SortedDictionary<string, FileImage>(
        files.ToDictionary(file => file.Key, file => file.Value.WithoutMoment()), StringComparer.Ordinal));

    /// <summary>The first difference to another tree, for people; null if there is none.</summary>
    public string? FindDifference(TreeImage other) =>
        FindDifference(other, static (mine, theirs) => mine.HasContentsOf(theirs));

    /// <summary>
    /// Whether this is <paramref name="before"/> or <paramref name="after"/> but for bytes, each of which is that of
    /// either.
    /// </summary>
    public bool IsMixtureOf(TreeImage before, TreeImage after) =>
        FindDifference(before, (mine, theirs) => IsMixture(mine, theirs, after)) is null
        || FindDifference(after, (mine, theirs) => IsMixture(mine, theirs, before)) is null;

    /// <summary>
    /// Whether this is a tree that an operation of several steps may pass on its way: files grown in part.
    /// </summary>
    public bool IsStepBetween(TreeImage before, TreeImage after)
    {
        if (!files.Keys.SequenceEqual(before.files.Keys)) return false;
        foreach ((string path, FileImage file) in files)
        {
            FileImage first = before.files[path];
            FileImage last = after.files[path];
            bool isWithin = file.Record.Size >= Math.Min(first.Record.Size, last.Record.Size)
                && file.Record.Size <= Math.Max(first.Record.Size, last.Record.Size);
            if (!isWithin || file.WithoutStep().FindDifference(first.WithoutStep()) is not null) return false;
            if (!file.IsMixtureOf(first, last)) return false;
        }
        return true;
    }

    private static bool IsMixture(FileImage mine, FileImage theirs, TreeImage others)
    {
        FileImage? other = others.files.Values.FirstOrDefault(file => file.Inode == mine.Inode);
        return mine.IsMixtureOf(theirs, other ?? theirs);
    }

    private string? FindDifference(TreeImage other, Func<FileImage, FileImage, bool> haveSameContents)
    {
        foreach ((string path, FileImage file) in files)
        {
            if (!other.files.TryGetValue(path, out FileImage? match)) return $"{path} does not exist";
            if (file.FindDifference(match) is { } difference) return $"of {path}, {difference}";
            if (!haveSameContents(file, match)) return $"the contents of {path} are others";
        }
        return other.files.Keys.FirstOrDefault(
            path => !files.ContainsKey(path)) is { } added ? $"{added} exists" : null;
    }
}
