using PersistFs.Server.Doctor;

namespace PersistFs.Server.Tests.Doctor;

/// <summary>What is said of a tree, by what its server tells.</summary>
public sealed class PhysicianTests
{
    private static readonly StatusReport Served = new()
    {
        ProcessId = Environment.ProcessId,
        State = "serving",
        MountPoint = "/mnt/pkram",
        Arena = "/dev/hugepages/pkram",
        Backing = "huge pages",
        Uuid = "",
        Generation = 1,
        Session = 1,
        Takeovers = 0,
        BytesUsed = 0,
        BytesMax = 0,
        SizeMax = 0,
        InodesUsed = 1,
        LastRecovery = null,
        Holder = "keeper",
        CacheMode = "writeback",
        CanResend = true,
    };

    [Fact]
    public void A_tree_with_a_holder_on_a_new_kernel_keeps_what_is_promised_of_kills()
    {
        Assert.Equal(Verdict.Holds, VerdictOf("killed daemon", Served));
        Assert.Equal(Verdict.Holds, VerdictOf("connection held", Served));
        Assert.Equal(Verdict.Holds, VerdictOf("written bytes", Served));
        Assert.Equal(Verdict.Holds, VerdictOf("short pauses", Served));
    }

    [Fact]
    public void What_is_missing_is_named_with_a_next_step()
    {
        StatusReport ill = Served with { Holder = "none", CanResend = false, State = "read-only", Backing = "tmpfs" };
        foreach (string promise in (string[])["killed daemon", "connection held", "written bytes", "tree"])
        {
            Diagnosis diagnosis = Physician.Examine(ill).Single(found => found.Promise == promise);
            Assert.Equal(Verdict.Fails, diagnosis.Verdict);
            Assert.NotNull(diagnosis.NextStep);
        }
        Assert.Equal(Verdict.Note, VerdictOf("short pauses", ill));
        Assert.Equal(Verdict.Holds, VerdictOf("written bytes", ill with { CacheMode = "writethrough" }));
    }

    [Theory]
    [InlineData("6.9.0", true)]
    [InlineData("6.18.44-cloud-amd64\n", true)]
    [InlineData("7.0-rc1", true)]
    [InlineData("6.8.12", false)]
    [InlineData("5.15.0-100-generic", false)]
    [InlineData("", false)]
    public void Kernels_that_send_requests_again_are_known_by_their_version(string release, bool canResend) =>
        Assert.Equal(canResend, KernelVersion.Parse(release).IsAtLeast(KernelVersion.Resend));

    private static Verdict VerdictOf(string promise, StatusReport report) =>
        Physician.Examine(report).Single(found => found.Promise == promise).Verdict;
}
