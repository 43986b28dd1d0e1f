namespace PersistFs.Server.Settings;

/// <summary>All that a server needs to know, read and checked.</summary>
public sealed record ServerOptions
{
    /// <summary>The directory to mount on, as the kernel writes it.</summary>
    public required string MountPoint { get; init; }

    /// <summary>The arena as the operator named it; null for the default one of the mount point.</summary>
    public string? Arena { get; init; }

    /// <summary>Options of the mount, and of an arena that has to be made.</summary>
    public MountOptions Mount { get; init; } = new();

    /// <summary>Threads that answer the kernel, 1 to 63.</summary>
    public int WorkerCount { get; init; } = DefaultWorkerCount;

    /// <summary>Whether idle processors stay ready while requests come thick and fast.</summary>
    public bool KeepsProcessorsAwake { get; init; } = true;

    /// <summary>How long to wait for a server of the same arena that is just ending.</summary>
    public TimeSpan LockWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long clients with open files may go on after the order to stop.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// What the options were read from, by <see cref="SettingKey.Name"/>; the mount point is left out.
    /// </summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>One for each processor, and a few more since some calls take long.</summary>
    public static int DefaultWorkerCount => Math.Clamp(Environment.ProcessorCount, 4, WorkerCountMax);

    /// <summary>The arena has 64 slots, and one is kept for maintenance.</summary>
    public const int WorkerCountMax = 63;
}
