namespace PersistFs.Engine.Volumes;

/// <summary>What a write has to know beside its bytes.</summary>
public readonly record struct WriteOptions
{
    /// <summary>
    /// The kernel has told the writer already that it is done (write-back): the last reserve of space may be used, and
    /// flags that were set since do not refuse it.
    /// </summary>
    public bool IsAcknowledged { get; init; }

    /// <summary>It may have been executed before, so that what it appends may already be there.</summary>
    public bool IsRepeated { get; init; }

    /// <summary>
    /// Clear set-user-id, set-group-id where the group may execute, and capabilities (FUSE_WRITE_KILL_SUIDGID).
    /// </summary>
    public bool KillPrivileges { get; init; }
}
