namespace PersistFs.Engine.Image;

/// <summary>What was saved or restored.</summary>
public sealed record ImageReport
{
    /// <summary>The arena's identity, its bytes in the order in which they lie in the superblock.</summary>
    public required Guid Uuid { get; init; }

    /// <summary>Times the arena had been opened when it was saved.</summary>
    public required ulong TimesOpened { get; init; }

    /// <summary>The moment whose state the image is, in nanoseconds since 1970.</summary>
    public required long SavedAt { get; init; }

    /// <summary>Bytes of the image, from header to trailer.</summary>
    public required ulong ImageBytes { get; init; }

    /// <summary>Bytes of the arena's contents in the image.</summary>
    public required ulong DataBytes { get; init; }

    /// <summary>Times that memory was gone through, which is more than once while clients write.</summary>
    public int Passes { get; init; } = 1;

    /// <summary>The longest time for which operations were held off; zero where nobody could have any.</summary>
    public TimeSpan LongestPause { get; init; }

    /// <summary>From the first byte to the last one that is safely on its device.</summary>
    public required TimeSpan Elapsed { get; init; }
}
