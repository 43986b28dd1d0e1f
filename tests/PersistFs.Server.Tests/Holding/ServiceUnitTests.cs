using PersistFs.Server.Holding;

namespace PersistFs.Server.Tests.Holding;

/// <summary>What systemd says of a unit.</summary>
public sealed class ServiceUnitTests
{
    [Theory]
    [InlineData("12 persistfs@mnt-pkram.service restart running\n", true)]
    [InlineData("7 other.service stop waiting\n12 persistfs@mnt-pkram.service try-restart running\n", true)]
    [InlineData("12 persistfs@mnt-pkram.service stop running\n", false)]
    [InlineData("12 restart.service stop running\n", false)]
    [InlineData("No jobs running.\n", false)]
    [InlineData("", false)]
    public void A_restart_is_told_from_a_stop(string jobs, bool isRestart) =>
        Assert.Equal(isRestart, ServiceUnit.IsRestart(jobs));
}
