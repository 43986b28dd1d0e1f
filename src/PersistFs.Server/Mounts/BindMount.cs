using PersistFs.Linux;
using PersistFs.Server.Failures;
using PersistFs.Server.Paths;
using PersistFs.Server.Settings;
using PersistFs.Server.Status;

namespace PersistFs.Server.Mounts;

/// <summary>A tree that is served already, mounted in another place as well.</summary>
/// <remarks>
/// A tree has one connection, or the kernel's caches would contradict each other; so this is a bind mount of one that
/// is there. The tree and its server end with the last of its mounts, whichever that is.
/// </remarks>
public static class BindMount
{
    /// <summary>What can differ from mount to mount of one file system.</summary>
    private const MountFlags OwnFlags = MountFlags.ReadOnly | MountFlags.NoSetUserId | MountFlags.NoDevices
        | MountFlags.NoExecute | MountFlags.NoSymbolicLinkFollow | MountFlags.NoAccessTime
        | MountFlags.NoDirectoryAccessTime | MountFlags.RelativeAccessTime | MountFlags.StrictAccessTime;

    /// <summary>Mounts the tree of the arena that the options name, if it is served and mounted somewhere.</summary>
    /// <param name="options">
    /// Where to mount what; of the mount options only those of a single mount count, since the others are the tree's.
    /// </param>
    /// <param name="note">What was done, for the operator; null when nothing was.</param>
    /// <returns>False where no server of this user has it mounted: a server has to be started.</returns>
    /// <exception cref="FailureException">It cannot be mounted there; nothing was changed.</exception>
    public static bool TryMake(ServerOptions options, out string? note)
    {
        note = null;
        StatusReport? report = Find(options);
        if (report is not { Connection: { } connection } || report.State == ServerState.Stopping) return false;
        IReadOnlyList<MountEntry> mounts = MountPoint.AllOf(connection);
        // In a mount namespace of its own it is out of reach.
        if (mounts.FirstOrDefault(mount => mount.Root == "/") is not { } source) return false;
        _ = MountPreparation.Run(options.MountPoint, options.Mount.MayHideFiles);
        Bind(source.MountPoint, options.MountPoint, options.Mount.Flags & OwnFlags);
        note = $"{options.MountPoint}: the tree of {source.MountPoint} in another place; process {report.ProcessId} "
            + $"serves the arena {report.Arena} already{Differences(options.Mount, report)}";
        return true;
    }

    /// <summary>The server of the arena; without one named, the server that was started for the mount point.</summary>
    private static StatusReport? Find(ServerOptions options)
    {
        StatusReport? neighbour = StatusClient.TryAsk(RuntimePaths.SocketOf(options.MountPoint));
        if (options.Arena is null) return neighbour;
        StatusReport? owner = StatusClient.Find(options.Arena);
        bool isInTheWay = owner is null && neighbour is { State: not ServerState.Stopping, Mounts.Count: > 0 }
            && !neighbour.Mounts.Contains(options.MountPoint);
        if (!isInTheWay) return owner;
        throw new FailureException(FailureKind.MountPointBusy,
            $"{options.MountPoint}: the server that was started here, process {neighbour!.ProcessId}, still serves "
                + $"{neighbour.Arena} on {string.Join(", ", neighbour.Mounts)}",
            $"end it with: persistfs down {neighbour.Mounts[0]}, or choose another directory");
    }

    private static void Bind(string source, string target, MountFlags flags)
    {
        Errno error = Libc.Mount(source, target, "none", MountFlags.Bind, data: null);
        if (error != Errno.OK) throw FailureException.FromSystem(target, $"mount the tree of {source} there", error);
        // A bind mount begins with the flags of its source.
        error = Libc.Mount("none", target, "none", MountFlags.Remount | MountFlags.Bind | flags, data: null);
        if (error == Errno.OK) return;
        _ = MountPoint.Unmount(target, isLazy: true);
        throw FailureException.FromSystem(target, "set the options of the mount", error);
    }

    /// <summary>What was asked for and is not so, because it is the tree's and the tree is there.</summary>
    private static string Differences(MountOptions wanted, StatusReport report)
    {
        List<string> differences = [];
        bool isResize = ArenaSize.Wanted(wanted) is { } size
            && !ArenaSize.AreSame(size, report.SizeMax);
        if (isResize) differences.Add($"its size stays {SizeText.Format(report.SizeMax)}");
        bool isOtherCache = wanted.CacheMode is { } mode && mode != report.CacheMode;
        if (isOtherCache) differences.Add($"it stays {report.CacheMode?.ToWord()}");
        return differences.Count == 0 ? "" : "; " + string.Join(", ", differences);
    }
}
