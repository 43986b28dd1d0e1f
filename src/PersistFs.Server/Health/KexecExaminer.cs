using PersistFs.Engine.Arenas;
using PersistFs.Server.Kexec;
using PersistFs.Server.Status;

namespace PersistFs.Server.Health;

/// <summary>Whether a tree comes to another kernel, and what this machine offers for that.</summary>
public static class KexecExaminer
{
    private const string Promise = "another kernel";

    /// <summary>What holds for a tree, or for the machine alone.</summary>
    /// <param name="report">The tree or arena; null for the machine alone.</param>
    public static IEnumerable<HealthCheck> Examine(StatusReport? report)
    {
        KernelCommandLine running = KernelCommandLine.Running;
        if (report is not null)
        {
            RoutePlan plan = RouteChooser.Choose(report, image: null);
            yield return ExamineRoute(report, plan, running);
            if (plan.Route == KexecRoute.None && report.MountPoint is { } mountPoint)
            {
                yield return ImageExaminer.Examine(report, ImageFacts.Read(mountPoint));
            }
        }
        if (report is null || !report.BackingKind.Survives.HasFlag(Survival.Kexec))
        {
            yield return DaxExaminer.Examine(running, DaxFacts.Read(), report?.SizeMax ?? 0);
            yield return LiveUpdateExaminer.Examine(running, LiveUpdateFacts.Read());
        }
        yield return ExamineNext(KexecKernel.IsLoaded(), KexecKernel.FindOwn(), running);
    }

    internal static HealthCheck ExamineRoute(StatusReport report, RoutePlan plan, KernelCommandLine running)
    {
        string kept = string.Join(' ', running.ValuesOf("memmap").Select(value => "memmap=" + value));
        return plan.Route switch
        {
            KexecRoute.None => new HealthCheck(Promise, HealthStatus.Note, plan.Reason, plan.NextStep),
            KexecRoute.Dax when kept.Length > 0 => new HealthCheck(
                Promise, HealthStatus.Holds, $"{plan.Reason}, if its command line has {kept}"),
            KexecRoute.LiveUpdate => new HealthCheck(Promise, HealthStatus.Holds,
                $"{plan.Reason}; only kexec_file_load does that: kexec -s, never kexec -c"),
            _ => new HealthCheck(Promise, HealthStatus.Holds,
                $"{plan.Reason}; before a kexec: persistfs kexec prepare"),
        };
    }

    /// <summary>Of the kernel that is loaded to follow: whether it will find what this one keeps.</summary>
    /// <param name="isLoaded">Whether one is; null where there is no kexec.</param>
    /// <param name="own">What this program has loaded; null when another has.</param>
    /// <param name="running">The command line of the kernel that runs.</param>
    internal static HealthCheck ExamineNext(bool? isLoaded, LoadedKernel? own, KernelCommandLine running)
    {
        const string Next = "next kernel";
        if (isLoaded is null)
            return new HealthCheck(Next, HealthStatus.Note, "this kernel cannot start another one by kexec");
        if (isLoaded == false)
        {
            return new HealthCheck(Next, HealthStatus.Note, "none is loaded for kexec",
                "load it with: persistfs kexec prepare --load KERNEL --initrd FILE");
        }
        string[] kept = [.. running.Preserving()];
        if (own is null)
        {
            string wanted = kept.Length == 0 ? "" : "; its command line, which cannot be seen, has to have "
                + string.Join(' ', kept);
            return new HealthCheck(Next, HealthStatus.Note, "another program has loaded it" + wanted,
                "to be sure: persistfs kexec prepare --load KERNEL --initrd FILE");
        }
        string[] missing = [.. KexecAdvice.Missing(running, new KernelCommandLine(own.CommandLine))];
        return missing.Length == 0
            ? new HealthCheck(Next, HealthStatus.Holds, $"{own.Kernel} is loaded, with the command line of this one")
            : new HealthCheck(Next, HealthStatus.Fails,
                $"{own.Kernel} is loaded without {string.Join(' ', missing)}: it would not find what lies there",
                "load it anew with: persistfs kexec prepare --load KERNEL --initrd FILE");
    }
}
