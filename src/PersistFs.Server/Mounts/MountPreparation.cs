using PersistFs.Linux;
using PersistFs.Server.Failures;
using PersistFs.Server.Paths;
using PersistFs.Server.Status;

namespace PersistFs.Server.Mounts;

/// <summary>Makes a mount point ready for a mount, or says what is in the way.</summary>
public static class MountPreparation
{
    /// <summary>Makes sure that a tree can be mounted here; a dead mount of ours is cleared away.</summary>
    /// <param name="mountPoint">As <see cref="MountPoint.Resolve"/> gives it.</param>
    /// <param name="mayHideFiles">Whether files in the directory are no obstacle.</param>
    /// <returns>Whether a dead mount was cleared away.</returns>
    /// <exception cref="FailureException">The mount point is no directory, is in use or holds files.</exception>
    public static bool Run(string mountPoint, bool mayHideFiles)
    {
        bool cleared = false;
        while (MountTable.Find(mountPoint) is { } mount)
        {
            Errno answer = MountPoint.Ask(mountPoint);
            if (answer is not (Errno.ENOTCONN or Errno.ECONNABORTED)) throw Busy(mountPoint, mount);
            if (mount.Type != MountPoint.FileSystemType)
            {
                throw new FailureException(FailureKind.MountPointBusy,
                    $"{mountPoint}: a dead mount of type {mount.Type} is there, which is not ours",
                    $"take it away with: umount -l {mountPoint}");
            }
            Errno gone = MountPoint.Unmount(mountPoint, isLazy: true);
            if (gone != Errno.OK) throw FailureException.FromSystem(mountPoint, "clear away a dead mount", gone);
            cleared = true;
        }
        Errno error = Libc.GetStatus(mountPoint, out FileStatus status);
        if (error != Errno.OK) throw FailureException.FromSystem(mountPoint, "use the mount point", error);
        if (!status.IsDirectory) throw MountPoint.NotADirectory(mountPoint);
        if (!mayHideFiles && HasFiles(mountPoint))
        {
            throw new FailureException(FailureKind.MountPointBusy,
                $"{mountPoint}: the directory is not empty; its files would be hidden",
                "choose an empty directory, or mount with -o nonempty");
        }
        return cleared;
    }

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

    /// <summary>Another supervisor has the mount point.</summary>
    internal static FailureException Busy(string mountPoint) => MountTable.Find(mountPoint) is { } mount
        ? Busy(mountPoint, mount)
        : new FailureException(FailureKind.MountPointBusy,
            $"{mountPoint}: busy: another server is just starting or ending there", "try again in a moment");

    private static FailureException Busy(string mountPoint, MountEntry mount)
    {
        if (mount.Type != MountPoint.FileSystemType)
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
}
