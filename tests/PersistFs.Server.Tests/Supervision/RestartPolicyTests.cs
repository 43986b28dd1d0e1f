using PersistFs.Server.Supervision;

namespace PersistFs.Server.Tests.Supervision;

/// <summary>When a dead server is started again.</summary>
public sealed class RestartPolicyTests
{
    [Fact]
    public void A_server_that_was_well_is_started_again_at_once_however_often_it_dies()
    {
        RestartPolicy policy = new();
        for (int i = 0; i < 1000; i++) Assert.Equal(0, policy.DelayAfterDeath(gotReady: true));
    }

    [Fact]
    public void Starts_that_fail_come_later_and_later_and_are_given_up_at_last()
    {
        RestartPolicy policy = new();
        Assert.Equal(0, policy.DelayAfterDeath(gotReady: true));
        List<int?> delays = [];
        for (int i = 0; i < RestartPolicy.FailedStartsMax; i++) delays.Add(policy.DelayAfterDeath(gotReady: false));
        Assert.Equal([50, 100, 200, 400, 800, 1600, 2000, null], delays);
    }

    [Fact]
    public void A_start_that_succeeds_forgives_those_that_failed()
    {
        RestartPolicy policy = new();
        for (int i = 1; i < RestartPolicy.FailedStartsMax; i++) Assert.NotNull(policy.DelayAfterDeath(gotReady: false));
        Assert.Equal(0, policy.DelayAfterDeath(gotReady: true));
        Assert.Equal(50, policy.DelayAfterDeath(gotReady: false));
    }
}
