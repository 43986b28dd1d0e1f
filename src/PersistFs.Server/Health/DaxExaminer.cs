using PersistFs.Server.Kexec;

namespace PersistFs.Server.Health;

/// <summary>Says how memory is kept from one kernel to the next as a DAX device, from where this machine is.</summary>
public static class DaxExaminer
{
    private const string Promise = "DAX memory";

    /// <summary>Where a range may begin: what the kernel's memory regions are multiples of.</summary>
    private const ulong UnitInBytes = 128UL << 20;

    private const string Modules = "nd_e820 nd_pmem dax_pmem device_dax";

    /// <summary>What there is, and the next of the steps to a DAX device.</summary>
    /// <param name="running">The command line of the kernel that runs.</param>
    /// <param name="facts">What the machine has.</param>
    /// <param name="sizeWanted">How much is wanted, in bytes; 0 for no wish.</param>
    public static HealthCheck Examine(KernelCommandLine running, DaxFacts facts, ulong sizeWanted)
    {
        if (facts.Devices.Count > 0)
        {
            return new HealthCheck(Promise, HealthStatus.Holds,
                $"{string.Join(", ", facts.Devices)}: arenas there outlive the kernel");
        }
        if (facts.BlockDevices.Count > 0)
        {
            string name = facts.BlockDevices[0];
            string number = name["pmem".Length..];
            return new HealthCheck(Promise, HealthStatus.Note,
                $"/dev/{name} is memory that outlives the kernel, not as DAX yet",
                $"ndctl create-namespace -f -e namespace{number}.0 -m devdax --map=mem; this clears it");
        }
        if (running.ValuesOf("memmap").Any(value => value.Contains('!')))
        {
            return facts.HasRegions
                ? new HealthCheck(Promise, HealthStatus.Note, "memory is reserved, and no device was made of it",
                    $"load the modules (modprobe -a {Modules}), then: ndctl create-namespace -m devdax --map=mem")
                : new HealthCheck(Promise, HealthStatus.Note,
                    "memory is reserved (memmap=), and no driver has taken it up",
                    $"load the modules, here and in the initial file system: modprobe -a {Modules}");
        }
        return new HealthCheck(Promise, HealthStatus.Note, "no memory is kept from one kernel to the next",
            $"boot with {Suggest(facts, sizeWanted)} on the kernel command line, "
                + $"and {Modules} in the initial file system");
    }

    /// <summary>A range in the middle of memory: the boot loader puts the initial file system at its end.</summary>
    internal static string Suggest(DaxFacts facts, ulong sizeWanted)
    {
        ulong length = facts.MemoryEnd - facts.MemoryStart;
        ulong most = length / 2 / UnitInBytes * UnitInBytes;
        if (most == 0) return "memmap=SIZE!START";
        ulong wanted = (sizeWanted + UnitInBytes - 1) / UnitInBytes * UnitInBytes;
        ulong size = wanted == 0 ? most : Math.Min(wanted, most);
        ulong start = (facts.MemoryStart + (length - size) / 2 + UnitInBytes - 1) / UnitInBytes * UnitInBytes;
        return $"'memmap={size >> 20}M!{start >> 20}M'";
    }
}
