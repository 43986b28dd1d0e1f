namespace PersistFs.Engine.Volumes;

/// <summary>How a volume is opened.</summary>
public sealed record VolumeOptions
{
    /// <summary>
    /// How long to wait for another process to let go of the arena; zero to fail at once, infinite for as long as it
    /// takes.
    /// </summary>
    public TimeSpan LockWait { get; init; }

    /// <summary>Inodes at most; 0 leaves the limit as it is recorded.</summary>
    public ulong InodeCountMax { get; init; }
}
