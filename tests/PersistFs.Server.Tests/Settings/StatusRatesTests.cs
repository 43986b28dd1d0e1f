using PersistFs.Server.Status;

namespace PersistFs.Server.Tests.Settings;

public sealed class StatusRatesTests
{
    [Fact]
    public void Rates_are_differences_over_the_time_between()
    {
        StatusReport earlier = Report(7, uptime: 10, lookups: 100, reads: 5, bytes: 4096, cpu: 1);
        StatusReport later = Report(7, uptime: 12, lookups: 120, reads: 5, bytes: 12288, cpu: 2);
        StatusRates rates = StatusRates.Between(earlier, later)!;
        Assert.Equal([new OperationRate("Lookup", 10)], rates.Operations);
        Assert.Equal((2.0, 10.0, 4096.0, 0.5), (rates.Seconds, rates.Requests, rates.BytesRead, rates.Processors));
        Assert.Equal(("/mnt/tree", "/arena"), (rates.MountPoint, rates.Arena));
    }

    [Fact]
    public void A_server_that_took_over_is_looked_at_since_its_start()
    {
        StatusReport earlier = Report(7, uptime: 1000, lookups: 100, reads: 50, bytes: 1 << 20, cpu: 100);
        StatusReport later = Report(8, uptime: 0.5, lookups: 3, reads: 4, bytes: 512, cpu: 0.25);
        StatusRates rates = StatusRates.Between(earlier, later)!;
        Assert.Equal([new OperationRate("Read", 8), new OperationRate("Lookup", 6)], rates.Operations);
        Assert.Equal((0.5, 14.0, 1024.0, 0.5), (rates.Seconds, rates.Requests, rates.BytesRead, rates.Processors));
    }

    [Fact]
    public void Without_time_or_server_there_are_no_rates()
    {
        StatusReport report = Report(7, uptime: 10, lookups: 100, reads: 5, bytes: 4096, cpu: 1);
        Assert.Null(StatusRates.Between(report, report));
        Assert.Null(StatusRates.Between(report with { ProcessId = null }, report));
        Assert.Null(StatusRates.Between(report, report with { ProcessId = null }));
    }

    private static StatusReport Report(
        int processId, double uptime, ulong lookups, ulong reads, ulong bytes, double cpu) => new()
        {
            ProcessId = processId,
            UptimeSeconds = uptime,
            CpuSeconds = cpu,
            State = ServerState.Serving,
            MountPoint = "/mnt/tree",
            Arena = "/arena",
            Backing = "tmpfs",
            Uuid = "",
            Generation = 1,
            Session = 1,
            Takeovers = 0,
            BytesUsed = 0,
            BytesMax = 0,
            SizeMax = 0,
            InodesUsed = 1,
            LastRecovery = null,
            Operations = [new OperationStatus("Lookup", lookups), new OperationStatus("Read", reads)],
            Counters = new Dictionary<string, ulong>
            {
                ["requests"] = lookups + reads,
                ["bytesRead"] = bytes,
            },
        };
}
