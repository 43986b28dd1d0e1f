namespace PersistFs.Server.Kexec;

/// <summary>How trees are made ready for kexec.</summary>
public sealed record PrepareOptions
{
    /// <summary>Where an arena is saved to that lies in memory of this kernel; null to refuse such a tree.</summary>
    public string? Image { get; init; }

    /// <summary>How long a client that changes something waits until it gets EBUSY.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the trees stay frozen if nothing happens.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(5);
}
