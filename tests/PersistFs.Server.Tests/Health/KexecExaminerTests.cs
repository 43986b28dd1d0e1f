using PersistFs.Server.Health;
using PersistFs.Server.Kexec;

namespace PersistFs.Server.Tests.Health;

/// <summary>What is said of another kernel.</summary>
public sealed class KexecExaminerTests
{
    private const ulong Gibibyte = 1UL << 30;

    private static readonly KernelCommandLine Plain = new("root=/dev/vda1");
    private static readonly KernelCommandLine Reserved = new("root=/dev/vda1 memmap=256M!512M kho=on liveupdate=on");
    private static readonly DaxFacts Nothing = new([], [], HasRegions: false, Gibibyte, 5 * Gibibyte);

    [Fact]
    public void Each_step_to_a_DAX_device_is_told_from_where_the_machine_is()
    {
        Told(HealthStatus.Note, "'memmap=2048M!2048M'", DaxExaminer.Examine(Plain, Nothing, 0));
        Told(HealthStatus.Note, "'memmap=384M!2944M'", DaxExaminer.Examine(Plain, Nothing, 300 << 20));
        Told(HealthStatus.Note, "memmap=SIZE!START",
            DaxExaminer.Examine(Plain, Nothing with { MemoryStart = 0, MemoryEnd = 0 }, 0));
        Told(HealthStatus.Note, "modprobe -a nd_e820", DaxExaminer.Examine(Reserved, Nothing, 0));
        Told(HealthStatus.Note, "ndctl create-namespace",
            DaxExaminer.Examine(Reserved, Nothing with { HasRegions = true }, 0));
        Told(HealthStatus.Note, "namespace1.0 -m devdax",
            DaxExaminer.Examine(Reserved, Nothing with { BlockDevices = ["pmem1"] }, 0));
        Told(HealthStatus.Holds, null, DaxExaminer.Examine(Reserved, Nothing with { Devices = ["/dev/dax0.0"] }, 0));
    }

    [Fact]
    public void What_live_update_needs_is_told()
    {
        Told(HealthStatus.Note, "kho=on liveupdate=on", LiveUpdateExaminer.Examine(Plain, new LiveUpdateFacts(false)));
        Told(HealthStatus.Note, "CONFIG_LIVEUPDATE_MEMFD",
            LiveUpdateExaminer.Examine(Reserved, new LiveUpdateFacts(false)));
        HealthCheck there = LiveUpdateExaminer.Examine(Reserved, new LiveUpdateFacts(true));
        Assert.Equal(HealthStatus.Holds, there.Status);
        Assert.Contains("never kexec -c", there.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain("systemd", there.Reason, StringComparison.Ordinal);
        Assert.Contains("systemd 252 does not hand over what it stores, 261 does",
            LiveUpdateExaminer.Examine(Reserved, new LiveUpdateFacts(true, 252)).Reason, StringComparison.Ordinal);
        Assert.Contains("or systemd 262 hands them over",
            LiveUpdateExaminer.Examine(Reserved, new LiveUpdateFacts(true, 262)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_next_kernel_that_would_not_find_what_this_one_keeps_is_told()
    {
        Told(HealthStatus.Note, null, KexecExaminer.ExamineNext(null, null, Reserved));
        Told(HealthStatus.Note, "--load", KexecExaminer.ExamineNext(false, null, Reserved));
        HealthCheck unseen = KexecExaminer.ExamineNext(true, null, Reserved);
        Assert.Contains("memmap=256M!512M kho=on liveupdate=on", unseen.Reason, StringComparison.Ordinal);
        LoadedKernel good = new("/boot/vmlinuz", null, Reserved.ForNext(""));
        Told(HealthStatus.Holds, null, KexecExaminer.ExamineNext(true, good, Reserved));
        HealthCheck bad = KexecExaminer.ExamineNext(true, good with { CommandLine = "kho=on liveupdate=on" }, Reserved);
        Told(HealthStatus.Fails, "--load", bad);
        Assert.Contains("memmap=256M!512M", bad.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_largest_range_of_memory_is_found()
    {
        string[] lines =
        [
            "00001000-0009fbff : System RAM", "00100000-1fffffff : System RAM", "  01000000-01ffffff : Kernel code",
            "20000000-2fffffff : Persistent Memory (legacy)", "30000000-33ffffff : System RAM",
        ];
        Assert.Equal((0x100000UL, 0x20000000UL), DaxFacts.LargestMemory(lines));
        Assert.Equal((0UL, 0UL), DaxFacts.LargestMemory(["00000000-00000000 : System RAM"]));
    }

    private static void Told(HealthStatus verdict, string? nextStep, HealthCheck diagnosis)
    {
        Assert.Equal(verdict, diagnosis.Status);
        if (nextStep is null) Assert.Null(diagnosis.NextStep);
        else Assert.Contains(nextStep, diagnosis.NextStep, StringComparison.Ordinal);
    }
}
