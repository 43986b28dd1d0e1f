using System.Diagnostics;
using System.Text.Json;

namespace PersistFs.EndToEnd.Tests.CommandLine;

/// <summary>`persistfs top`, for people and for programs.</summary>
public sealed class TopTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [RootFact(ProductOnly = true)]
    public void It_counts_the_requests_of_the_interval()
    {
        scratch.Up();
        using Process asker = Tool.Start("/", "bash", "-c", "while :; do stat -f \"$1\"; done &>/dev/null", "bash",
            scratch.MountPoint);
        JsonElement rates;
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                scratch.Run("top", "MNT", "--once", "--json", "--interval", "0.5"));
            rates = document.RootElement.Clone();
        }
        finally
        {
            asker.Kill();
            asker.WaitForExit();
        }
        Assert.Equal(scratch.MountPoint, rates.GetProperty("mountPoint").GetString());
        Assert.True(rates.GetProperty("seconds").GetDouble() > 0);
        JsonElement first = rates.GetProperty("operations")[0];
        Assert.Equal("StatFs", first.GetProperty("name").GetString());
        Assert.InRange(first.GetProperty("perSecond").GetDouble(), 1, rates.GetProperty("requests").GetDouble());
    }

    [RootFact(ProductOnly = true)]
    public void Where_there_is_no_terminal_it_looks_once()
    {
        scratch.Up();
        string table = scratch.Run("top", "ARENA", "--interval", "0.2");
        Assert.Contains(scratch.MountPoint, table, StringComparison.Ordinal);
        Assert.Contains("requests", table, StringComparison.Ordinal);
    }

    [RootFact(ProductOnly = true, Tools = "script timeout")]
    public void On_a_terminal_it_goes_on_until_it_is_told_to_end()
    {
        scratch.Up();
        // The q is typed after two intervals.
        string screen = Tool.Bash("/",
            "{ sleep 1; printf q; sleep 1; } | timeout 60 script -qec \"$1 top $2 -i 0.2\" /dev/null",
            ProductBinary.Path, scratch.MountPoint);
        Assert.Contains("looking", screen, StringComparison.Ordinal);
        Assert.Contains("requests", screen, StringComparison.Ordinal);
    }

    [RootFact(ProductOnly = true)]
    public void What_it_cannot_look_at_is_told()
    {
        Assert.Equal(22, scratch.Try("top", "MNT", "--once").ExitCode);
        Assert.Equal(64, scratch.Try("top", "MNT", "--interval", "0").ExitCode);
        Assert.Equal(64, scratch.Try("top", "MNT", "--interval", "soon").ExitCode);
    }
}
