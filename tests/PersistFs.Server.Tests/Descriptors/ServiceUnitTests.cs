using PersistFs.Server.Descriptors;

namespace PersistFs.Server.Tests.Descriptors;

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

    [Theory]
    [InlineData("systemd 252 (252.39-1~deb12u1)\n+PAM +AUDIT\n", 252)]
    [InlineData("systemd 261~rc1 (261~rc1-1)\n", 261)]
    [InlineData("systemd 257.9 (257.9-1)\n", 257)]
    [InlineData("", null)]
    [InlineData("systemctl: no such option\n", null)]
    public void The_version_of_systemd_is_read(string text, int? version) =>
        Assert.Equal(version, ServiceUnit.ParseVersion(text));

    [Theory]
    [InlineData("1 kexec.target start waiting\n", true)]
    [InlineData("3 other.service stop running\n1 kexec.target start waiting\n", true)]
    [InlineData("1 poweroff.target start waiting\n", false)]
    [InlineData("1 kexec.target stop waiting\n", false)]
    [InlineData("No jobs running.\n", false)]
    public void The_way_to_another_kernel_is_told_from_other_ends(string jobs, bool isStart) =>
        Assert.Equal(isStart, ServiceUnit.IsStart(jobs, "kexec.target"));
}
