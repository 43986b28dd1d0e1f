namespace PersistFs.Engine.Volumes;

/// <summary>
/// What chmod(2), chown(2), truncate(2) and utimensat(2) change of an inode; what is not given stays.
/// </summary>
public readonly record struct AttributeChange
{
    /// <summary>Permission, set-id and sticky bits; other bits are ignored.</summary>
    public uint? Mode { get; init; }

    public uint? UserId { get; init; }

    public uint? GroupId { get; init; }

    /// <summary>Size of a regular file; its modification time becomes now unless one is given.</summary>
    public ulong? Size { get; init; }

    public TimeChange AccessTime { get; init; }

    public TimeChange ModificationTime { get; init; }

    /// <summary>Where it is not given, every change sets it to now.</summary>
    public TimeChange ChangeTime { get; init; }

    /// <summary>FATTR_KILL_SUIDGID: set-user-id goes, and set-group-id where the group may execute.</summary>
    public bool KillsSetIds { get; init; }

    /// <summary>
    /// Whether the caller has its answer already: times that a kernel flushes from its cache are taken whatever the
    /// flags say.
    /// </summary>
    public bool IsAcknowledged { get; init; }
}
