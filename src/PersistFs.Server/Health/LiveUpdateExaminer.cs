using PersistFs.Server.Kexec;

namespace PersistFs.Server.Health;

/// <summary>Says whether memory files can be handed to the next kernel, and what that needs.</summary>
public static class LiveUpdateExaminer
{
    private const string Promise = "live update";

    private static readonly string[] Switches = ["kho", "liveupdate"];

    /// <summary>What there is, and what is missing.</summary>
    public static HealthCheck Examine(KernelCommandLine running, LiveUpdateFacts facts)
    {
        string[] missing = [.. Switches.Where(name => !running.IsOn(name)).Select(name => name + "=on")];
        if (facts.HasDevice)
        {
            return new HealthCheck(Promise, HealthStatus.Holds,
                "/dev/liveupdate: arenas named memfd:NAME go to the next kernel, loaded by kexec -s, never kexec -c; "
                + MemoryExaminer.OfStore(facts.SystemdVersion));
        }
        string commandLine = missing.Length == 0 ? "" : $", with {string.Join(' ', missing)} on its command line";
        return new HealthCheck(Promise, HealthStatus.Note,
            "this kernel hands no memory files over (no /dev/liveupdate)",
            "boot a kernel with CONFIG_LIVEUPDATE_MEMFD (7.x)" + commandLine);
    }
}
