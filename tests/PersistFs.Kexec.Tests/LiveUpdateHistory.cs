namespace PersistFs.Kexec.Tests;

/// <summary>An arena in memory that kernels hand on to each other by the Live Update Orchestrator.</summary>
public sealed class LiveUpdateHistory : KexecHistory
{
    /// <summary>What both kernels need; the memory set aside for the next one is small, as the machine is.</summary>
    private const string Parameters = "kho=on liveupdate=on kho_scratch=8M,48M,0";

    private const string Arena = "memfd:tree";

    public LiveUpdateHistory()
        : base(GuestKernel.LiveUpdate, Parameters, Arena)
    {
        Then(nameof(LiveUpdateTests.A_tree_is_served_from_memory_that_will_be_handed_on),
            () => Begin(options: "--size 192M"));
        Then(nameof(LiveUpdateTests.A_tree_is_there_after_a_kexec_with_nothing_prepared),
            () => GoOn(isInUse: false, isChecked: false));
        Then(nameof(LiveUpdateTests.A_kexec_in_the_middle_of_a_storm_keeps_every_call_that_returned),
            () => GoOn(isInUse: true, isChecked: false));
        Then(nameof(LiveUpdateTests.A_third_kexec_that_was_prepared_finds_what_the_first_two_left), GoOnPrepared);
    }
}
