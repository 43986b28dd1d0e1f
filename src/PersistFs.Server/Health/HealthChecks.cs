using PersistFs.Engine.Arenas;
using PersistFs.Linux;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Serving;
using PersistFs.Server.Settings;
using PersistFs.Server.Status;

namespace PersistFs.Server.Health;

/// <summary>Says which promises hold for a tree, an arena or the machine alone, and why not. Changes nothing.</summary>
public static class HealthChecks
{
    private const int PageKibibytesHuge = 2048;

    /// <summary>Examines the machine, and of a tree or arena what concerns it.</summary>
    /// <param name="report">The tree or arena; null for the machine alone.</param>
    public static IReadOnlyList<HealthCheck> Examine(StatusReport? report)
    {
        List<HealthCheck> found = [Device()];
        found.Add(Resend(report));
        if (report?.ProcessId is not null)
        {
            found.Add(Connection(report));
            found.Add(Writes(report));
            found.Add(State(report));
            if (report.Live is not null) found.AddRange(MemoryExaminer.Examine(report, StoreFacts.Read(report)));
        }
        found.Add(LockedMemory(report));
        found.Add(Pages(report));
        found.AddRange(KexecExaminer.Examine(report));
        return found;
    }

    private static HealthCheck Device()
    {
        const string Promise = "mounting";
        Errno error = Libc.Open("/dev/fuse", OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0, out int device);
        if (error == Errno.OK)
        {
            Libc.Close(device);
            return new HealthCheck(Promise, HealthStatus.Holds, "/dev/fuse can be opened");
        }
        return new HealthCheck(Promise, HealthStatus.Fails, $"/dev/fuse: cannot be opened ({error})",
            error is Errno.EACCES or Errno.EPERM
                ? "be root, or let its permissions allow it"
                : "load the module with: modprobe fuse");
    }

    private static HealthCheck Resend(StatusReport? report)
    {
        const string Promise = "killed server";
        KernelVersion kernel = KernelVersion.Current;
        bool canResend = report?.CanResend ?? kernel.IsAtLeast(KernelVersion.Resend);
        if (canResend)
        {
            return new HealthCheck(Promise, HealthStatus.Holds,
                $"the kernel, Linux {kernel}, sends again what a dead server had in hand");
        }
        return new HealthCheck(Promise, HealthStatus.Fails,
            $"the kernel, Linux {kernel}, cannot send requests again: an idle connection is taken over; "
            + "with calls under way their callers get an error",
            $"use Linux {KernelVersion.Resend} or newer");
    }

    private static HealthCheck Connection(StatusReport report)
    {
        const string Promise = "connection held";
        return report.Store switch
        {
            DescriptorStoreKind.Supervisor => new HealthCheck(Promise, HealthStatus.Holds,
                $"by the supervisor, process {report.SupervisorProcessId}"),
            DescriptorStoreKind.Systemd => new HealthCheck(Promise, HealthStatus.Holds,
                "by systemd's descriptor store"),
            _ => new HealthCheck(Promise, HealthStatus.Fails, "by the server alone: with it the connection is lost",
                $"end its clients, then: persistfs down {report.MountPoint}; persistfs up {report.MountPoint}"),
        };
    }

    private static HealthCheck Writes(StatusReport report)
    {
        const string Promise = "written bytes";
        if (report.CacheMode != CacheMode.WriteBack)
        {
            return new HealthCheck(Promise, HealthStatus.Holds, "write-through: in the arena when write(2) returns");
        }
        return report.Store == DescriptorStoreKind.None
            ? new HealthCheck(Promise, HealthStatus.Fails,
                "write-back without a descriptor store: what was not synced is lost with the server",
                "sync files (fsync), and mount anew with a supervisor or with -o writethrough")
            : new HealthCheck(Promise, HealthStatus.Holds,
                "write-back: the kernel keeps them for the next server; kexec and power loss need fsync");
    }

    private static HealthCheck State(StatusReport report) => report.State == ServerState.Serving
        ? new HealthCheck("tree", HealthStatus.Holds, "serving")
        : report.State == ServerState.Frozen
        ? new HealthCheck("tree", HealthStatus.Note, "frozen: changes wait",
            $"persistfs kexec abort {report.MountPoint}")
        : new HealthCheck("tree", HealthStatus.Fails, report.State.ToWord(),
            $"look at the arena with: persistfs check {report.Arena}");

    /// <summary>A request buffer that is swapped out when its server is killed costs a caller EIO.</summary>
    private static HealthCheck LockedMemory(StatusReport? report)
    {
        const string Promise = "buffers locked";
        int process = report?.ProcessId ?? Environment.ProcessId;
        if (File.ReadLines("/proc/swaps").Skip(1).All(string.IsNullOrWhiteSpace))
        {
            return new HealthCheck(Promise, HealthStatus.Holds, "the machine does not swap");
        }
        try
        {
            string limit = File.ReadLines($"/proc/{process}/limits")
                .First(line => line.StartsWith("Max locked memory", StringComparison.Ordinal));
            bool isUnlimited = limit.Contains("unlimited", StringComparison.Ordinal) || Libc.EffectiveUserId() == 0;
            return isUnlimited
                ? new HealthCheck(Promise, HealthStatus.Holds, "the server may lock its memory")
                : new HealthCheck(Promise, HealthStatus.Fails,
                    "the machine swaps, and the server may lock little memory",
                    "raise the limit: LimitMEMLOCK=infinity in a unit, ulimit -l in a shell");
        }
        catch (IOException exception)
        {
            return new HealthCheck(Promise, HealthStatus.Note, $"its limit cannot be read: {exception.Message}");
        }
    }

    /// <summary>Of an arena in memory that no file system is behind: whether the kernel gives it large pages.</summary>
    internal static HealthCheck MemoryPages(string policy)
    {
        const string Promise = "short pauses";
        return policy is "always" or "within_size" or "advise" or "force"
            ? new HealthCheck(Promise, HealthStatus.Holds,
                $"the arena lies in memory, in large pages if the kernel finds some ({LargePages.Setting}: {policy})")
            : new HealthCheck(Promise, HealthStatus.Note,
                $"the arena lies in memory, in small pages ({LargePages.Setting}: {policy}): "
                + "a large one takes the kernel long to let go, and to hand on",
                $"echo advise >{LargePages.Path}, before the arena is made");
    }

    /// <summary>Large pages make a server's end and start nearly independent of the arena's size.</summary>
    private static HealthCheck Pages(StatusReport? report)
    {
        const string Promise = "short pauses";
        if (report?.BackingKind is not { } kind) return FreeHugePages(Promise);
        return kind.Pages switch
        {
            PageBehaviour.Large => new HealthCheck(Promise, HealthStatus.Holds, $"the arena lies {kind.Place}"),
            PageBehaviour.AsConfigured => MemoryPages(LargePages.Read()),
            PageBehaviour.WrittenBack => new HealthCheck(Promise, HealthStatus.Note,
                $"the arena lies {kind.Place}: the kernel writes its pages back, and a stop waits for that"),
            _ => new HealthCheck(Promise, HealthStatus.Note,
                $"the arena lies {kind.Place}: a large one in small pages takes the kernel long to let go",
                $"make arenas in huge pages: sysctl vm.nr_hugepages=N, each of {PageKibibytesHuge} KiB"),
        };
    }

    private static HealthCheck FreeHugePages(string promise)
    {
        HugePagePool pool = HugePagePool.Read();
        return pool.PagesFree > 0
            ? new HealthCheck(promise, HealthStatus.Holds, $"{pool.PagesFree} huge pages of 2 MiB are free for arenas")
            : new HealthCheck(promise, HealthStatus.Note,
                "no huge pages are free: arenas lie on tmpfs, with the large pages that the kernel finds",
                "reserve some with: sysctl vm.nr_hugepages=N");
    }
}
