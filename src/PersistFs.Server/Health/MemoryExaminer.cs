using PersistFs.Server.Descriptors;
using PersistFs.Server.Status;

namespace PersistFs.Server.Health;

/// <summary>Says what keeps an arena in memory (memfd:), and until when.</summary>
public static class MemoryExaminer
{
    /// <summary>The first systemd that keeps what a unit has stored when that is stopped.</summary>
    private const int PreservingSystemd = 254;

    /// <summary>The first systemd that hands what it has stored to the next kernel.</summary>
    private const int LiveUpdateSystemd = 261;

    /// <summary>What holds of its memory.</summary>
    /// <param name="report">The tree, which is served from such an arena.</param>
    /// <param name="facts">Of the descriptor store, where that is systemd's.</param>
    public static IEnumerable<HealthCheck> Examine(StatusReport report, StoreFacts facts)
    {
        yield return ExamineStop(report, facts);
        bool goesOn = report.Live is { Reason: null };
        bool isLost = goesOn && report.Store == DescriptorStoreKind.Systemd
            && facts.SystemdVersion is not >= LiveUpdateSystemd;
        if (!isLost) yield break;
        yield return new HealthCheck("memory handed on", HealthStatus.Fails,
            $"{facts.Name} lets go of what it has stored before the kexec; {LiveUpdateSystemd} hands it over",
            $"use systemd {LiveUpdateSystemd}, or a supervisor: persistfs up without a unit; or --image for the kexec");
    }

    /// <summary>What is said of a machine that could hand memory on, where its systemd would keep it.</summary>
    public static string OfStore(int? systemdVersion) => systemdVersion switch
    {
        null => "their supervisor has to live until the kexec",
        >= LiveUpdateSystemd =>
            $"their supervisor has to live until the kexec, or systemd {systemdVersion} hands them over",
        _ => $"their supervisor has to live until the kexec; systemd {systemdVersion} does not hand over "
            + $"what it stores, {LiveUpdateSystemd} does",
    };

    private static HealthCheck ExamineStop(StatusReport report, StoreFacts facts)
    {
        const string Promise = "memory kept";
        if (report.Store == DescriptorStoreKind.Supervisor)
        {
            return new HealthCheck(Promise, HealthStatus.Holds,
                $"by the supervisor, process {report.SupervisorProcessId}, also when the tree is unmounted");
        }
        if (report.Store != DescriptorStoreKind.Systemd)
        {
            return new HealthCheck(Promise, HealthStatus.Fails, "by the server alone: with it the arena is lost",
                $"copy what is needed, or save an image: persistfs save {report.MountPoint} FILE");
        }
        if (facts.SystemdVersion is not >= PreservingSystemd)
        {
            return new HealthCheck(Promise, HealthStatus.Fails,
                $"{facts.Name} drops what a unit has stored when that is stopped: a stop loses the arena",
                $"use systemd {PreservingSystemd} or newer, or a supervisor: persistfs up without a unit");
        }
        return facts.IsStorePreserved
            ? new HealthCheck(Promise, HealthStatus.Holds,
                "by systemd's descriptor store, also when the unit is stopped")
            : new HealthCheck(Promise, HealthStatus.Fails, "by systemd's descriptor store, until the unit is stopped",
                "set FileDescriptorStorePreserve=yes in the unit, as the one that comes with this program does");
    }
}
