using PersistFs.Engine.Arenas;
using PersistFs.Server.Health;
using PersistFs.Server.Kexec;
using PersistFs.Server.Status;

namespace PersistFs.Server.Tests.Kexec;

/// <summary>The way to the next kernel, by what is behind the arena.</summary>
public sealed class RouteChooserTests
{
    [Theory]
    [InlineData("DAX memory", null, KexecRoute.Dax)]
    [InlineData("DAX memory", "/image", KexecRoute.Dax)]
    [InlineData("disk file", null, KexecRoute.Disk)]
    [InlineData("huge pages", null, KexecRoute.None)]
    [InlineData("tmpfs", null, KexecRoute.None)]
    [InlineData("memfd", null, KexecRoute.None)]
    public void It_is_chosen_or_there_is_none(string backing, string? image, KexecRoute route)
    {
        RoutePlan plan = RouteChooser.Choose(Served(backing), image);
        Assert.Equal(route, plan.Route);
        Assert.Equal(route == KexecRoute.None, plan.NextStep is not null);
        Assert.Contains("/arena", plan.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_backing_of_another_version_is_not_believed_to_outlive_the_kernel()
    {
        RoutePlan plan = RouteChooser.Choose(Served("a kind to come"), image: null);
        Assert.Equal(KexecRoute.None, plan.Route);
        Assert.Contains("a kind to come", plan.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_backing_that_no_product_file_names_is_sent_the_way_that_it_promises()
    {
        var lasting = new BackingKind
        {
            Word = "lasting memory",
            Place = "in lasting memory",
            Survives = Survival.Kexec,
            Pages = PageBehaviour.Large,
            ShortageAdvice = "Ask for more",
        };
        StatusReport kept = Served(lasting.Word) with { BackingKind = lasting };
        Assert.Equal(KexecRoute.Dax, RouteChooser.Choose(kept, image: null).Route);
        Assert.Contains(HealthChecks.Examine(kept), check => check.Reason == "the arena lies in lasting memory");
        BackingKind passing = lasting with { Survives = Survival.ServerOnly, KexecObstacle = "lies in a test" };
        RoutePlan plan = RouteChooser.Choose(kept with { BackingKind = passing }, image: null);
        Assert.Equal(KexecRoute.None, plan.Route);
        Assert.Contains("lies in a test", plan.Reason, StringComparison.Ordinal);
    }

    private static StatusReport Served(string backing) => new()
    {
        ProcessId = 1,
        State = ServerState.Serving,
        MountPoint = "/mnt/pkram",
        Arena = "/arena",
        Backing = backing,
        Uuid = "",
        Generation = 1,
        Session = 1,
        Takeovers = 0,
        BytesUsed = 0,
        BytesMax = 0,
        SizeMax = 0,
        InodesUsed = 1,
        LastRecovery = null,
    };
}
