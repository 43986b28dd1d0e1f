using System.Globalization;
using PersistFs.Fuse.Mounts;
using PersistFs.Linux;
using PersistFs.Server.Failures;
using PersistFs.Server.Status;

namespace PersistFs.Server.Mounts;

/// <summary>The directory a tree is mounted on: what may be there before, and that it answers after.</summary>
public static class MountPoint
{
    /// <summary>The file system type of our mounts, as /proc/mounts shows it.</summary>
    public const string FileSystemType = "fuse.persistfs";

    /// <summary>The mount point's path as the kernel writes it.</summary>
    /// <exception cref="FailureException">
    /// MountPointInvalid: it is missing, or on the way there is something else.
    /// </exception>
    public static string Resolve(string path)
    {
        Errno error = Libc.ResolvePath(Path.GetFullPath(path), out string resolved);
        return error switch
        {
            Errno.OK => resolved,
            Errno.ENOENT => throw new FailureException(FailureKind.MountPointInvalid,
                $"{path}: the mount point does not exist", $"create it with: mkdir -p {path}"),
            Errno.ENOTDIR => throw NotADirectory(path),
            _ => throw FailureException.FromSystem(path, "find the mount point", error),
        };
    }

    /// <summary>Makes sure that a tree can be mounted here; a dead mount of ours is cleared away.</summary>
    /// <param name="mountPoint">As <see cref="Resolve"/> gives it.</param>
    /// <param name="mayHideFiles">Whether files in the directory are no obstacle.</param>
    /// <returns>Whether a dead mount was cleared away.</returns>
    /// <exception cref="FailureException">The mount point is no directory, is in use or holds files.</exception>
    public static bool Prepare(string mountPoint, bool mayHideFiles)
    {
        bool cleared = false;
        while (MountTable.Find(mountPoint) is { } mount)
        {
            Errno answer = Ask(mountPoint);
            if (answer is not (Errno.ENOTCONN or Errno.ECONNABORTED)) throw Busy(mountPoint, mount);
            if (mount.Type != FileSystemType)
            {
                throw new FailureException(FailureKind.MountPointBusy,
                    $"{mountPoint}: a dead mount of type {mount.Type} is there, which is not ours",
                    $"take it away with: umount -l {mountPoint}");
            }
            Errno gone = Unmount(mountPoint, isLazy: true);
            if (gone != Errno.OK) throw FailureException.FromSystem(mountPoint, "clear away a dead mount", gone);
            cleared = true;
        }
        Errno error = Libc.GetStatus(mountPoint, out FileStatus status);
        if (error != Errno.OK) throw FailureException.FromSystem(mountPoint, "use the mount point", error);
        if (!status.IsDirectory) throw NotADirectory(mountPoint);
        if (!mayHideFiles && HasFiles(mountPoint))
        {
            throw new FailureException(FailureKind.MountPointBusy,
                $"{mountPoint}: the directory is not empty; its files would be hidden",
                "choose an empty directory, or mount with -o nonempty");
        }
        return cleared;
    }

    /// <summary>The mounts of a connection that are not hidden by others, the newest first.</summary>
    /// <param name="connection">The kernel's number of it.</param>
    public static IReadOnlyList<MountEntry> AllOf(ulong connection)
    {
        string device = string.Create(CultureInfo.InvariantCulture, $"0:{connection}");
        Dictionary<string, MountEntry> visible = [];
        foreach (MountEntry mount in MountTable.Read()) visible[mount.MountPoint] = mount;
        return [.. visible.Values.Where(mount => mount.Device == device && mount.Type == FileSystemType).Reverse()];
    }

    /// <summary>The connection of a mount of ours.</summary>
    public static ulong ConnectionOf(MountEntry mount) =>
        ulong.TryParse(mount.Device.Split(':')[^1], CultureInfo.InvariantCulture, out ulong minor) ? minor : 0;

    /// <summary>Whether a mount is one of the tree that <paramref name="report"/> tells of.</summary>
    public static bool IsOf(MountEntry mount, StatusReport report) => mount.Type == FileSystemType
        && report.Connection is { } connection && connection == ConnectionOf(mount);

    private static bool HasFiles(string directory)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(directory).Any();
        }
        catch (UnauthorizedAccessException)
        {
            throw FailureException.FromSystem(directory, "read the mount point", Errno.EACCES);
        }
    }

    /// <summary>umount2(2), or fusermount3(1) for a user who may not.</summary>
    /// <returns>EBUSY while files are in use and <paramref name="isLazy"/> is false.</returns>
    public static Errno Unmount(string mountPoint, bool isLazy)
    {
        Errno error = Libc.Unmount(
            mountPoint, UnmountFlags.NoFollow | (isLazy ? UnmountFlags.Detach : UnmountFlags.None));
        if (error != Errno.EPERM || Libc.EffectiveUserId() == 0) return error;
        try
        {
            Mount.Detach(mountPoint, isLazy);
            return Errno.OK;
        }
        catch (MountException)
        {
            // fusermount3 does not say why in a way that can be relied on; a mount it may take away is one in use.
            return Errno.EBUSY;
        }
    }

    /// <summary>Waits until the mount answers.</summary>
    /// <exception cref="FailureException">NotAnswering: it does not within ten seconds.</exception>
    public static void AwaitAnswer(string mountPoint)
    {
        Errno error = Ask(mountPoint);
        if (error == Errno.OK) return;
        throw new FailureException(FailureKind.NotAnswering, $"{mountPoint}: the mount does not answer ({error})",
            "look into the server's log for the cause, and try again");
    }

    /// <summary>What statfs(2), which is never answered from a cache, says of the file system mounted here.</summary>
    /// <returns>ENOTCONN when its server is gone; ETIMEDOUT when there was no answer in time.</returns>
    public static Errno Ask(string mountPoint)
    {
        Errno error = Errno.ETIMEDOUT;
        // The call sleeps in the kernel until a worker answers, so it has a thread that may be left behind.
        Thread asker = new(() => error = Libc.GetFileSystemStatus(mountPoint, out _)) { IsBackground = true };
        asker.Start();
        return asker.Join(AnswerLimit) ? error : Errno.ETIMEDOUT;
    }

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    /// <summary>Another keeper has the mount point.</summary>
    internal static FailureException Busy(string mountPoint) => MountTable.Find(mountPoint) is { } mount
        ? Busy(mountPoint, mount)
        : new FailureException(FailureKind.MountPointBusy,
            $"{mountPoint}: busy: another server is just starting or ending there", "try again in a moment");

    private static FailureException Busy(string mountPoint, MountEntry mount)
    {
        if (mount.Type != FileSystemType)
        {
            return new FailureException(FailureKind.MountPointBusy,
                $"{mountPoint}: busy: {mount.Source} ({mount.Type}) is mounted there",
                $"choose another directory, or unmount it with: umount {mountPoint}");
        }
        string server = StatusClient.Find(mountPoint) is { ProcessId: { } processId }
            ? $" by process {processId}" : "";
        return new FailureException(FailureKind.MountPointBusy,
            $"{mountPoint}: busy: the arena {mount.Source} is served there{server}",
            $"end it with: persistfs down {mountPoint}");
    }

    private static FailureException NotADirectory(string path) => new(FailureKind.MountPointInvalid,
        $"{path}: the mount point is not a directory", "choose a directory");
}
