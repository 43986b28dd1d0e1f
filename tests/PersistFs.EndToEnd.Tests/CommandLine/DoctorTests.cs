using System.Text.Json;

namespace PersistFs.EndToEnd.Tests.CommandLine;

/// <summary>`persistfs doctor`: a line for each promise, and an exit code for all.</summary>
public sealed class DoctorTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [RootFact(ProductOnly = true)]
    public void It_tells_of_a_tree_what_has_become_of_its_holder()
    {
        scratch.Up();
        string well = scratch.Try("doctor", "MNT").Output;
        Assert.Matches("(?m)^ok    connection held +by the supervisor, process [0-9]+$", well);
        MountedTree.KillAlone(MountedTree.KeeperOf(ServerOf()));
        Assert.True(SpinWait.SpinUntil(() => scratch.Try("doctor", "MNT").ExitCode == 1, TimeSpan.FromSeconds(60)));
        Assert.Matches("(?m)^NO    connection held +by the server alone", scratch.Try("doctor", "MNT").Output);
    }

    [RootFact(ProductOnly = true)]
    public void It_tells_of_an_arena_and_of_the_machine_too()
    {
        scratch.Run("format", "ARENA", "--size", "32M");
        Assert.Contains("killed server", scratch.Try("doctor", "ARENA").Output, StringComparison.Ordinal);
        Assert.Contains("mounting", scratch.Try("doctor").Output, StringComparison.Ordinal);
        Assert.Equal(10, scratch.Try("doctor", scratch.At("missing")).ExitCode);
    }

    private int ServerOf()
    {
        using JsonDocument status = JsonDocument.Parse(scratch.Run("status", "MNT", "--json"));
        return status.RootElement.GetProperty("pid").GetInt32();
    }
}
