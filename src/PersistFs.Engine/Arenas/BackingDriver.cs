namespace PersistFs.Engine.Arenas;

/// <summary>Finds, opens and makes the backings of one class; listed in <see cref="BackingOpener"/>.</summary>
internal abstract class BackingDriver
{
    /// <summary>The kinds that its backings can be of.</summary>
    public abstract IReadOnlyList<BackingKind> Kinds { get; }

    /// <summary>
    /// Whether a restored arena overwrites what is at its path; else it is made beside that and takes its name.
    /// </summary>
    public virtual bool RestoresInPlace => true;

    /// <summary>Whether <paramref name="source"/> names a backing of this class; it need not exist.</summary>
    public abstract bool Takes(ArenaSource source);

    /// <summary>Opens a backing with an arena in it and takes its lock.</summary>
    /// <param name="source">One that <see cref="Takes"/> accepts, as everywhere here.</param>
    /// <param name="waits">Whether to wait, for ever if need be, while it is locked.</param>
    /// <exception cref="ArenaException">
    /// It does not exist, is of the wrong kind, is locked or cannot be opened.
    /// </exception>
    public abstract Backing Open(ArenaSource source, bool waits);

    /// <summary>Opens an arena to be read, locked or not.</summary>
    /// <exception cref="ArenaException">It does not exist, is of the wrong kind or cannot be read.</exception>
    public abstract ArenaReader OpenReader(ArenaSource source);

    /// <summary>Opens the backing at a path to make an arena in it, and takes its lock.</summary>
    /// <exception cref="ArenaException">It cannot hold an arena, is locked or cannot be opened.</exception>
    public abstract Backing OpenPlace(string path);

    /// <summary>Whether the backing at a path is absent, or known to hold no data; nothing is changed.</summary>
    /// <exception cref="ArenaException">It cannot hold an arena, or is in use.</exception>
    public abstract bool IsKnownEmpty(string path);

    /// <summary>Bytes that an arena at a path can have at most; null where any size can be asked for.</summary>
    /// <exception cref="ArenaException">It cannot hold an arena.</exception>
    public virtual ulong? FixedSize(string path) => null;
}
