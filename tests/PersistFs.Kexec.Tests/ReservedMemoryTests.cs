namespace PersistFs.Kexec.Tests;

/// <summary>What reserved memory (DAX) promises, in one machine's life: the facts are its stages, in order.</summary>
public sealed class ReservedMemoryTests(ReservedMemoryHistory history) : IClassFixture<ReservedMemoryHistory>
{
    [MachineFact]
    public void A_tree_is_served_from_reserved_memory() => history.Reach();

    [MachineFact]
    public void A_tree_is_there_after_a_kexec_with_nothing_prepared() => history.Reach();

    [MachineFact]
    public void A_kexec_in_the_middle_of_a_storm_keeps_every_call_that_returned() => history.Reach();
}
