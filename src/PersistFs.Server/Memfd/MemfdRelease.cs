using PersistFs.Linux;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;
using PersistFs.Server.Mounts;
using PersistFs.Server.Paths;
using PersistFs.Server.Status;
using PersistFs.Server.Supervision;

namespace PersistFs.Server.Memfd;

/// <summary>
/// What `down` does about an arena in memory, which no path leads to: keeps it, or gives it up if told to.
/// </summary>
public sealed class MemfdRelease
{
    private const int EndLimitInMilliseconds = 10_000;

    private readonly string mountPoint;
    private readonly bool discards;
    private readonly StatusReport? report;

    private MemfdRelease(string mountPoint, bool discards, StatusReport? report)
    {
        this.mountPoint = mountPoint;
        this.discards = discards;
        this.report = report;
    }

    /// <summary>Whether there is a mount to be taken away.</summary>
    public bool IsMounted { get; private init; } = true;

    /// <summary>Looks at what a mount point has, before it is unmounted.</summary>
    /// <param name="path">The mount point.</param>
    /// <param name="discards">Whether an arena in memory is to be discarded.</param>
    /// <exception cref="FailureException">
    /// WouldDiscard: with the mount the memory would be gone, and nobody asked for that.
    /// </exception>
    public static MemfdRelease Prepare(string path, bool discards)
    {
        string mountPoint = MountPoint.Resolve(path);
        StatusReport? report = StatusClient.TryAsk(RuntimePaths.SocketOf(mountPoint));
        bool isMounted = MountTable.Find(mountPoint)?.Type == MountPoint.FileSystemType;
        bool isGivenUp = discards && !isMounted && SupervisorClient.KeepsArena(mountPoint);
        var release = new MemfdRelease(mountPoint, discards, report) { IsMounted = !isGivenUp };
        if (discards || report?.Live is null) return release;
        bool isKept = report.Store == DescriptorStoreKind.Supervisor
            || (report.Store == DescriptorStoreKind.Systemd && UnitOf(report) is { } unit
                && ServiceUnit.KeepsStoreWhenStopped(unit));
        if (isKept) return release;
        throw new FailureException(FailureKind.WouldDiscard,
            $"{mountPoint}: {report.Arena} lies in memory that nobody would keep when its server ends",
            report.Store == DescriptorStoreKind.Systemd
                ? "set FileDescriptorStorePreserve=yes in its unit (systemd 254), or give it up with: down --discard"
                : "copy what is needed, and give it up with: down --discard");
    }

    /// <summary>Once it is unmounted: gives the memory up, if that was asked for.</summary>
    /// <returns>For the operator: that the memory is still kept; null where there is none.</returns>
    public string? Finish()
    {
        if (discards)
        {
            if (report?.Store == DescriptorStoreKind.Systemd && UnitOf(report) is { } unit)
            {
                ServiceUnit.CleanStore(unit);
            }
            AwaitEnd(Discard());
            return null;
        }
        if (report?.Live is null) return null;
        return $"{report.Arena} stays in memory, kept by {StoreName()}; go on with it: persistfs up {mountPoint} "
            + $"--arena {report.Arena}; give it up: persistfs down --discard {mountPoint}";
    }

    /// <summary>The supervisor notices its server's end a moment later than others do.</summary>
    private int? Discard()
    {
        if (report is not null && report.Store != DescriptorStoreKind.Supervisor) return null;
        long deadline = Environment.TickCount64 + EndLimitInMilliseconds;
        while (true)
        {
            if (SupervisorClient.Discard(mountPoint) is { } process) return process;
            bool mayCome = (report?.Live is not null || !IsMounted) && Environment.TickCount64 < deadline;
            if (!mayCome) return null;
            Thread.Sleep(1);
        }
    }

    private static void AwaitEnd(int? processId)
    {
        if (processId is not { } id || Libc.OpenProcess(id, out int process) != Errno.OK) return;
        PollDescriptor[] descriptors = [new(process, PollEvents.Readable)];
        _ = Libc.Poll(descriptors, EndLimitInMilliseconds, out _);
        Libc.Close(process);
    }

    private string StoreName() => report!.SupervisorProcessId is { } process ? $"process {process}" : "systemd";

    private static string? UnitOf(StatusReport report) =>
        report.ProcessId is { } process ? ServiceUnit.Of(process) : null;
}
