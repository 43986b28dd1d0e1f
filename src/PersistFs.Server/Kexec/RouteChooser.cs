using PersistFs.Engine.Arenas;
using PersistFs.Linux;
using PersistFs.Server.Status;

namespace PersistFs.Server.Kexec;

/// <summary>Chooses the way to the next kernel, by what is behind an arena and by what this machine can do.</summary>
public static class RouteChooser
{
    private const ulong RamfsMagic = 0x858458f6;

    /// <summary>The way for a tree.</summary>
    /// <param name="report">The tree.</param>
    /// <param name="image">
    /// A file to save the arena to, where it lies in memory that ends with the kernel; or null.
    /// </param>
    public static RoutePlan Choose(StatusReport report, string? image) => report.BackingKind switch
    {
        { IsOnDisk: true } when IsInMemory(report.Arena) => ByImage(report, image, "lies in the initial file system"),
        { IsOnDisk: true } => new RoutePlan(KexecRoute.Disk, $"{report.Arena} is a file on a disk"),
        { } kind when kind.Survives.HasFlag(Survival.Kexec) => new RoutePlan(KexecRoute.Dax,
            $"{report.Arena} is memory of a device: the next kernel finds it where it is"),
        { CanBeHandedOver: true } when report.Live is { Reason: null } live => new RoutePlan(KexecRoute.LiveUpdate,
            $"{report.Arena} is handed to the next kernel, {live.Preserved} segments of it"),
        { CanBeHandedOver: true } => ByImage(
            report, image, $"is not handed to the next kernel ({report.Live?.Reason ?? "no server has it"})"),
        _ when report.Live is { Reason: null, Preserved: > 0 } live && live.Preserved == live.Segments => new RoutePlan(
            KexecRoute.LiveUpdate, $"{report.Arena} is memory that this kernel hands to the next one"),
        _ when report.Live is { Reason: { } reason } =>
            ByImage(report, image, $"is memory that this kernel does not hand to the next one ({reason})"),
        { } kind => ByImage(report, image, kind.KexecObstacle),
    };

    private static RoutePlan ByImage(StatusReport report, string? image, string why) => image is null
        ? new RoutePlan(KexecRoute.None, $"{report.Arena} {why}",
            "name a file to save it to with --image FILE, or make the arena on a DAX device, a disk or as memfd:")
        : new RoutePlan(KexecRoute.Image, $"{report.Arena} {why}: it is saved to {image}", Image: image);

    /// <summary>Whether a file that is on no tmpfs ends with the kernel all the same.</summary>
    private static bool IsInMemory(string path) =>
        Libc.GetFileSystemStatus(path, out FileSystemStatus status) == Errno.OK && status.Type == RamfsMagic;
}
