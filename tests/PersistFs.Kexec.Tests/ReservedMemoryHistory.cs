namespace PersistFs.Kexec.Tests;

/// <summary>An arena on memory that the command line reserves, under Debian's unmodified kernel.</summary>
public sealed class ReservedMemoryHistory : KexecHistory
{
    /// <summary>256 MiB from 512 MiB on, where neither the loader nor the kernel puts anything.</summary>
    private const string Reservation = $"memmap=256M!512M pkram={Arena},{GuestTree.Root}";

    private const string Arena = "/dev/dax0.0";

    public ReservedMemoryHistory()
        : base(GuestKernel.Debian, Reservation, Arena)
    {
        Then(nameof(ReservedMemoryTests.A_tree_is_served_from_reserved_memory), () => Begin("sh /disk/guest/make-dax"));
        Then(nameof(ReservedMemoryTests.A_tree_is_there_after_a_kexec_with_nothing_prepared),
            () => GoOn(isInUse: false));
        Then(nameof(ReservedMemoryTests.A_kexec_in_the_middle_of_a_storm_keeps_every_call_that_returned),
            () => GoOn(isInUse: true));
        Then(nameof(ReservedMemoryTests.A_third_kexec_that_was_prepared_brings_the_tree_back_by_pkram), GoOnPrepared);
        Then(nameof(ReservedMemoryTests.A_warm_reset_in_the_middle_of_a_storm_keeps_every_call_that_returned),
            () => GoOn(isInUse: true, () => Machine.Reset()));
        Then(nameof(ReservedMemoryTests.A_kernel_without_the_reservation_is_told_so_and_nothing_is_made), Lose);
    }

    private void Lose()
    {
        Kexec("");
        ToolResult up = Machine.Try($"persistfs up {GuestTree.Root} --arena {Arena}");
        Assert.Equal(10, up.ExitCode);
        Assert.Contains("memmap=", up.Output, StringComparison.Ordinal);
        Assert.Equal("absent", Machine.Run($"if [ -e {Arena} ]; then ls -l {Arena}; else echo absent; fi").Trim());
    }
}
