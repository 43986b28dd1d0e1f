namespace PersistFs.Engine.Arenas;

/// <summary>A kind of memory behind arenas: its word in status and messages, and what it can do.</summary>
/// <remarks>
/// Each backing class declares its own kinds, and nothing else compares them: code asks for what it needs to know.
/// </remarks>
public sealed record BackingKind
{
    /// <summary>The word for it in messages and in the JSON of status: an interface.</summary>
    public required string Word { get; init; }

    /// <summary>Where an arena of this kind lies, as in "the arena lies on tmpfs".</summary>
    public required string Place { get; init; }

    /// <summary>What the bytes outlive besides the server.</summary>
    public Survival Survives { get; init; }

    /// <summary>Whether the server can hand the memory to the next kernel, if the kernel offers that.</summary>
    public bool CanBeHandedOver { get; init; }

    /// <summary>How the kernel maps the memory.</summary>
    public PageBehaviour Pages { get; init; }

    /// <summary>What to do where there is too little of it: an imperative sentence without its full stop.</summary>
    public required string ShortageAdvice { get; init; }

    /// <summary>Why an arena ends with this kernel, as in "the arena lies in memory of this kernel".</summary>
    public string KexecObstacle
    {
        get => field ?? $"lies in memory of this kernel ({Word})";
        init;
    }

    /// <summary>Whether the bytes are on a disk, so that the page cache has to be written back to it.</summary>
    public bool IsOnDisk => Survives.HasFlag(Survival.Reboot);

    /// <summary>The kind that a word names; for a word of another version, one that promises nothing.</summary>
    public static BackingKind Of(string word) => BackingOpener.FindKind(word) ?? new BackingKind
    {
        Word = word,
        Place = $"in {word}",
        ShortageAdvice = "Make room there",
    };

    public override string ToString() => Word;
}
