namespace PersistFs.Server.Settings;

/// <summary>One setting of the server and its three spellings.</summary>
/// <param name="Name">In a configuration file.</param>
/// <param name="Variable">In the environment.</param>
/// <param name="Option">On the command line.</param>
public sealed record SettingKey(string Name, string Variable, string Option)
{
    public static readonly SettingKey MountPoint = new("mountPoint", "PERSISTFS_MOUNT_POINT", "MNT");
    public static readonly SettingKey Arena = new("arena", "PERSISTFS_ARENA", "--arena");
    public static readonly SettingKey Size = new("size", "PERSISTFS_SIZE", "--size");
    public static readonly SettingKey SizeMax = new("maxSize", "PERSISTFS_MAX_SIZE", "--max-size");
    public static readonly SettingKey MountOptions = new("options", "PERSISTFS_OPTIONS", "-o");
    public static readonly SettingKey Workers = new("workers", "PERSISTFS_WORKERS", "--workers");
    public static readonly SettingKey Latency = new("latency", "PERSISTFS_LATENCY", "--latency");
    public static readonly SettingKey LockWait = new("lockWait", "PERSISTFS_LOCK_WAIT", "--lock-wait");
    public static readonly SettingKey StopGrace = new("stopGrace", "PERSISTFS_STOP_GRACE", "--stop-grace");

    public static readonly IReadOnlyList<SettingKey> All =
        [MountPoint, Arena, Size, SizeMax, MountOptions, Workers, Latency, LockWait, StopGrace];
}
