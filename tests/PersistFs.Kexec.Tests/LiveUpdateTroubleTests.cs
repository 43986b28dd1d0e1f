
namespace PersistFs.Kexec.Tests;

/// <summary>
/// What becomes of memory that is handed on (LUO) when something is not as it should be: in one machine's life.
/// </summary>
public sealed class LiveUpdateTroubleTests(LiveUpdateTrouble history, ITestOutputHelper output)
    : IClassFixture<LiveUpdateTrouble>
{
    [MachineFact(LiveUpdate = true)]
    public void Half_a_gibibyte_of_large_pages_is_preserved_in_milliseconds()
    {
        history.Reach();
        output.WriteLine(history.Measured);
    }

    [MachineFact(LiveUpdate = true)]
    public void A_name_that_somebody_else_has_taken_is_told_and_the_tree_is_served() => history.Reach();

    [MachineFact(LiveUpdate = true)]
    public void Servers_that_are_killed_while_they_take_the_memory_over_lose_nothing() => history.Reach();

    [MachineFact(LiveUpdate = true, OnlyInLongRuns = true)]
    public void A_session_that_holds_something_else_is_refused_and_kept() => history.Reach();

    [MachineFact(LiveUpdate = true, OnlyInLongRuns = true)]
    public void An_arena_of_which_a_segment_is_missing_is_refused_and_the_others_are_kept() => history.Reach();

    [MachineFact(LiveUpdate = true, OnlyInLongRuns = true)]
    public void A_kernel_that_was_loaded_by_kexec_load_has_lost_the_memory_and_that_is_told() => history.Reach();

    [MachineFact(LiveUpdate = true, OnlyInLongRuns = true)]
    public void A_kernel_without_the_orchestrator_has_lost_the_memory_and_that_is_told() => history.Reach();
}
