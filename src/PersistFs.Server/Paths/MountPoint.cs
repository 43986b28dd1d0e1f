using System.Globalization;
using PersistFs.Fuse.Mounts;
using PersistFs.Linux;
using PersistFs.Server.Failures;

namespace PersistFs.Server.Paths;

/// <summary>The directory a tree is mounted on, and the mounts that are there.</summary>
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

    /// <summary>umount2(2), or fusermount3(1) for an unprivileged user.</summary>
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

    internal static FailureException NotADirectory(string path) => new(FailureKind.MountPointInvalid,
        $"{path}: the mount point is not a directory", "choose a directory");
}
