
namespace PersistFs.Kexec.Tests;

/// <summary>What memory that is handed on (LUO) promises, in one machine's life: its facts are stages.</summary>
public sealed class LiveUpdateTests(LiveUpdateHistory history, ITestOutputHelper output)
    : IClassFixture<LiveUpdateHistory>
{
    [MachineFact(LiveUpdate = true)]
    public void A_tree_is_served_from_memory_that_will_be_handed_on() => history.Reach();

    [MachineFact(LiveUpdate = true)]
    public void A_tree_is_there_after_a_kexec_with_nothing_prepared() => history.Reach();

    [MachineFact(LiveUpdate = true)]
    public void A_kexec_in_the_middle_of_a_storm_keeps_every_call_that_returned() => history.Reach();

    [MachineFact(LiveUpdate = true)]
    public void A_third_kexec_that_was_prepared_finds_what_the_first_two_left()
    {
        history.Reach();
        output.WriteLine(history.Prepared);
    }
}
