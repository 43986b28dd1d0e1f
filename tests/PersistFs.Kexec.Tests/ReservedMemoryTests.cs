
namespace PersistFs.Kexec.Tests;

/// <summary>What reserved memory (DAX) promises, in one machine's life: the facts are its stages, in order.</summary>
public sealed class ReservedMemoryTests(ReservedMemoryHistory history, ITestOutputHelper output)
    : IClassFixture<ReservedMemoryHistory>
{
    [MachineFact]
    public void A_tree_is_served_from_reserved_memory() => history.Reach();

    [MachineFact]
    public void A_tree_is_there_after_a_kexec_with_nothing_prepared() => history.Reach();

    [MachineFact]
    public void A_kexec_in_the_middle_of_a_storm_keeps_every_call_that_returned() => history.Reach();

    [MachineFact]
    public void A_third_kexec_that_was_prepared_brings_the_tree_back_by_pkram()
    {
        history.Reach();
        output.WriteLine(history.Prepared);
    }

    [MachineFact]
    public void A_warm_reset_in_the_middle_of_a_storm_keeps_every_call_that_returned() => history.Reach();

    [MachineFact]
    public void A_kernel_without_the_reservation_is_told_so_and_nothing_is_made() => history.Reach();
}
