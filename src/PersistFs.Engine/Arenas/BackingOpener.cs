namespace PersistFs.Engine.Arenas;

/// <summary>From what the operator named to the backing it is.</summary>
internal static class BackingOpener
{
    /// <summary>
    /// Every class of backings, in the order in which they are asked; a new one is a line here. A file is whatever no
    /// other takes, so it stays last.
    /// </summary>
    internal static IReadOnlyList<BackingDriver> Drivers { get; set; } =
    [
        new SegmentedBacking.Driver(),
        new DaxBacking.Driver(),
        new FileBacking.Driver(),
    ];

    /// <summary>Opens an existing backing and takes its lock.</summary>
    /// <param name="source">A path, or segments.</param>
    /// <param name="waits">Whether to wait, for ever if need be, while it is locked.</param>
    /// <exception cref="ArenaException">
    /// It does not exist, is of the wrong kind, is locked or cannot be opened.
    /// </exception>
    public static Backing Open(ArenaSource source, bool waits = false) => DriverOf(source).Open(source, waits);

    /// <summary>The driver of what <paramref name="source"/> names.</summary>
    public static BackingDriver DriverOf(ArenaSource source) => Drivers.First(driver => driver.Takes(source));

    /// <summary>The kind with a word; null if no driver has it.</summary>
    public static BackingKind? FindKind(string word) =>
        Drivers.SelectMany(driver => driver.Kinds).FirstOrDefault(kind => kind.Word == word);
}
