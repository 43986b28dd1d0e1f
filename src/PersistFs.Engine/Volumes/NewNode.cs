namespace PersistFs.Engine.Volumes;

/// <summary>What a file to be made is like.</summary>
public readonly record struct NewNode
{
    /// <summary>Type and permission bits as the caller asked for them, before umask and default ACL.</summary>
    public required uint Mode { get; init; }

    /// <summary>Permission bits the caller's umask takes away; a default ACL of the parent overrides it.</summary>
    public uint Umask { get; init; }

    public required uint UserId { get; init; }

    public required uint GroupId { get; init; }

    /// <summary>As st_rdev, for devices.</summary>
    public uint DeviceNumber { get; init; }
}
