using PersistFs.Linux;
using PersistFs.Server.Control;
using PersistFs.Server.Failures;
using PersistFs.Server.Paths;
using PersistFs.Server.Status;

namespace PersistFs.Server.Mounts;

/// <summary>Takes a mount away from outside of its server.</summary>
public static class Unmounter
{
    private const int EndLimitInMilliseconds = 30_000;

    private const int BusyTriesMax = 50;
    private const int BusyWaitInMilliseconds = 20;

    /// <summary>Unmounts what is mounted on <paramref name="path"/>.</summary>
    /// <param name="path">The mount point.</param>
    /// <param name="isLazy">Whether files in use are no obstacle.</param>
    /// <param name="waitsForServer">Whether to wait until the server's process has ended.</param>
    /// <returns>Where the tree is mounted still; its server goes on then.</returns>
    /// <exception cref="FailureException">NotMounted, MountPointBusy, NoPermission, NotAnswering.</exception>
    public static IReadOnlyList<string> Unmount(string path, bool isLazy, bool waitsForServer)
    {
        string mountPoint = MountPoint.Resolve(path);
        MountEntry? mount = MountTable.Find(mountPoint);
        if (mount?.Type != MountPoint.FileSystemType)
        {
            throw new FailureException(FailureKind.NotMounted,
                mount is null
                    ? $"{mountPoint}: nothing is mounted there"
                    : $"{mountPoint}: {mount.Source} ({mount.Type}) is mounted there, which is not ours",
                "see what is served with: persistfs status");
        }
        ulong connection = MountPoint.ConnectionOf(mount);
        Thaw(mountPoint);
        List<int> processes = waitsForServer ? OpenProcesses(mountPoint) : [];
        bool isDead = MountPoint.Ask(mountPoint) is Errno.ENOTCONN or Errno.ECONNABORTED;
        Errno error = UnmountWhenIdle(mountPoint, isLazy || isDead);
        if (error != Errno.OK) throw FailureException.FromSystem(mountPoint, "unmount it", error);
        List<string> others = [.. MountPoint.AllOf(connection).Select(other => other.MountPoint)];
        foreach (int process in processes)
        {
            if (others.Count == 0) AwaitEnd(mountPoint, process);
            else Libc.Close(process);
        }
        return others;
    }

    /// <summary>An unmount brings pages of the cache along, and would wait for a thaw to come.</summary>
    private static void Thaw(string mountPoint)
    {
        if (StatusClient.TryAsk(RuntimePaths.SocketOf(mountPoint)) is not { Freeze: not null }) return;
        try
        {
            ControlClient.Order(mountPoint, [ControlVerb.Thaw]);
        }
        catch (FailureException)
        {
            // It has ended meanwhile; its successor's mount is unmounted as it is.
        }
    }

    /// <summary>
    /// Unmounts; while the mount is busy and no process has a file there, tries again for a second: a program that asks
    /// for the room of every mount, as df(1) does, keeps each of them busy for a moment.
    /// </summary>
    /// <exception cref="FailureException">MountPointBusy.</exception>
    private static Errno UnmountWhenIdle(string mountPoint, bool isLazy)
    {
        Errno error = MountPoint.Unmount(mountPoint, isLazy);
        for (int tries = 0; error == Errno.EBUSY; tries++)
        {
            IReadOnlyList<string> users = MountUsers.Find(mountPoint);
            if (users.Count > 0 || tries == BusyTriesMax) throw Busy(mountPoint, users);
            Thread.Sleep(BusyWaitInMilliseconds);
            error = MountPoint.Unmount(mountPoint, isLazy);
        }
        return error;
    }

    /// <summary>
    /// Descriptors of the server's process and of its supervisor's, as far as they answer.
    /// </summary>
    private static List<int> OpenProcesses(string mountPoint)
    {
        StatusReport? report = StatusClient.Find(mountPoint);
        List<int> processes = [];
        // A supervisor that has an arena in memory stays.
        int? supervisor = report?.Live is null ? report?.SupervisorProcessId : null;
        foreach (int? processId in (int?[])[report?.ProcessId, supervisor])
        {
            if (processId is { } id && Libc.OpenProcess(id, out int process) == Errno.OK) processes.Add(process);
        }
        return processes;
    }

    private static void AwaitEnd(string mountPoint, int process)
    {
        PollDescriptor[] descriptors = [new(process, PollEvents.Readable)];
        Errno error = Libc.Poll(descriptors, EndLimitInMilliseconds, out int ready);
        Libc.Close(process);
        if (error == Errno.OK && ready == 1) return;
        throw new FailureException(
            FailureKind.NotAnswering, $"{mountPoint}: unmounted, but its server has not ended yet",
            "its open files may still be in use; see: persistfs status");
    }

    private static FailureException Busy(string mountPoint, IReadOnlyList<string> users)
    {
        string cause = users.Count == 0 ? "another mount or process" : "process " + string.Join(", ", users);
        return new FailureException(FailureKind.MountPointBusy, $"{mountPoint}: busy: in use by {cause}",
            $"end that, or unmount lazily with: persistfs down --lazy {mountPoint}");
    }
}
