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
