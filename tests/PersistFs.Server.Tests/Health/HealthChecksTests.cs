using PersistFs.Server.Descriptors;
using PersistFs.Server.Health;
using PersistFs.Server.Settings;
using PersistFs.Server.Status;

namespace PersistFs.Server.Tests.Health;

/// <summary>What is said of a tree, by what its server tells.</summary>
public sealed class HealthChecksTests
{
    private static readonly StatusReport Served = new()
    {
        ProcessId = Environment.ProcessId,
        State = ServerState.Serving,
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
        Store = DescriptorStoreKind.Supervisor,
        CacheMode = CacheMode.WriteBack,
        CanResend = true,
    };

    [Fact]
    public void A_tree_with_a_holder_on_a_new_kernel_keeps_what_is_promised_of_kills()
    {
        Assert.Equal(HealthStatus.Holds, VerdictOf("killed server", Served));
        Assert.Equal(HealthStatus.Holds, VerdictOf("connection held", Served));
        Assert.Equal(HealthStatus.Holds, VerdictOf("written bytes", Served));
        Assert.Equal(HealthStatus.Holds, VerdictOf("short pauses", Served));
    }

    [Fact]
    public void What_is_missing_is_named_with_a_next_step()
    {
        StatusReport ill = Served with
        {
            Store = DescriptorStoreKind.None,
            CanResend = false,
            State = ServerState.ReadOnly,
            Backing = "tmpfs",
        };
        foreach (string promise in (string[])["killed server", "connection held", "written bytes", "tree"])
        {
            HealthCheck diagnosis = HealthChecks.Examine(ill).Single(found => found.Promise == promise);
            Assert.Equal(HealthStatus.Fails, diagnosis.Status);
            Assert.NotNull(diagnosis.NextStep);
        }
        Assert.Equal(HealthStatus.Note, VerdictOf("short pauses", ill));
        Assert.Equal(HealthStatus.Holds, VerdictOf("written bytes", ill with { CacheMode = CacheMode.WriteThrough }));
    }

    [Fact]
    public void Of_an_arena_in_memory_is_told_who_keeps_it_and_until_when()
    {
        StatusReport report = Served with
        {
            Arena = "memfd:tree",
            Backing = "memfd",
            SupervisorProcessId = 7,
            Live = new LiveUpdateStatus(2, 2, Reason: null),
        };
        StoreFacts old = new(252, IsStorePreserved: true), middle = old with { SystemdVersion = 254 };
        StoreFacts recent = old with { SystemdVersion = 261 };
        Assert.Equal(HealthStatus.Holds, Assert.Single(MemoryExaminer.Examine(report, old)).Status);
        StatusReport stored = report with { Store = DescriptorStoreKind.Systemd, SupervisorProcessId = null };
        HealthCheck[] told = [.. MemoryExaminer.Examine(stored, old)];
        Assert.Equal([HealthStatus.Fails, HealthStatus.Fails], told.Select(diagnosis => diagnosis.Status));
        Assert.Contains("systemd 252", told[0].Reason, StringComparison.Ordinal);
        Assert.Contains("systemd 254", told[0].NextStep, StringComparison.Ordinal);
        Assert.Contains("systemd 261", told[1].NextStep, StringComparison.Ordinal);
        told = [.. MemoryExaminer.Examine(stored, middle)];
        Assert.Equal([HealthStatus.Holds, HealthStatus.Fails], told.Select(diagnosis => diagnosis.Status));
        Assert.Equal(HealthStatus.Holds, Assert.Single(MemoryExaminer.Examine(stored, recent)).Status);
        HealthCheck lost = Assert.Single(MemoryExaminer.Examine(stored, recent with { IsStorePreserved = false }));
        Assert.Equal(HealthStatus.Fails, lost.Status);
        Assert.Contains("FileDescriptorStorePreserve=yes", lost.NextStep, StringComparison.Ordinal);
        StatusReport unheld = report with { Store = DescriptorStoreKind.None };
        Assert.Equal(HealthStatus.Fails, MemoryExaminer.Examine(unheld, recent).First().Status);
    }

    [Theory]
    [InlineData("always within_size [advise] never deny force\n", "advise", HealthStatus.Holds)]
    [InlineData("[always] within_size advise never deny force\n", "always", HealthStatus.Holds)]
    [InlineData("always within_size advise [never] deny force\n", "never", HealthStatus.Note)]
    [InlineData("", "absent", HealthStatus.Note)]
    public void Of_an_arena_in_memory_is_told_whether_it_has_large_pages(
        string text, string policy, HealthStatus verdict)
    {
        Assert.Equal(policy, LargePages.Parse(text));
        Assert.Equal(verdict, HealthChecks.MemoryPages(policy).Status);
        HealthCheck told = HealthChecks.Examine(Served with { Backing = "memfd" })
            .Single(found => found.Promise == "short pauses");
        Assert.DoesNotContain("disk", told.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_a_tree_that_needs_an_image_is_told_where_it_is_and_whether_there_is_room()
    {
        StatusReport report = Served with { BytesUsed = 1 << 30 };
        ImageFacts facts = new("/var/lib/persistfs/mnt-pkram.image", SavedAt: null, BytesFree: 2UL << 30);
        HealthCheck none = ImageExaminer.Examine(report, facts);
        Assert.Equal(HealthStatus.Note, none.Status);
        Assert.Contains("1 GiB needed, 2 GiB free", none.Reason, StringComparison.Ordinal);
        Assert.Contains("persistfs-save@mnt-pkram.timer", none.NextStep, StringComparison.Ordinal);
        HealthCheck saved = ImageExaminer.Examine(
            report, facts with { SavedAt = new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc) });
        Assert.Equal(HealthStatus.Holds, saved.Status);
        Assert.Contains("2026-01-02 03:04:05Z", saved.Reason, StringComparison.Ordinal);
        HealthCheck full = ImageExaminer.Examine(report, facts with { BytesFree = 1 << 20 });
        Assert.Equal(HealthStatus.Note, full.Status);
        Assert.Contains("no room", full.Reason, StringComparison.Ordinal);
        Assert.Contains("--image", full.NextStep, StringComparison.Ordinal);
        Assert.Contains(HealthChecks.Examine(Served), diagnosis => diagnosis.Promise == "image");
        Assert.DoesNotContain(
            HealthChecks.Examine(Served with { Backing = "DAX memory" }), diagnosis => diagnosis.Promise == "image");
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

    private static HealthStatus VerdictOf(string promise, StatusReport report) =>
        HealthChecks.Examine(report).Single(found => found.Promise == promise).Status;
}
