namespace PersistFs.Server.Status;

/// <summary>What a server does a second: the difference of two of its reports.</summary>
public sealed record StatusRates
{
    /// <summary>Where the server was told to mount the tree.</summary>
    public string? MountPoint { get; init; }

    public required string Arena { get; init; }

    /// <summary>The time looked at.</summary>
    public required double Seconds { get; init; }

    /// <summary>Requests a second, of all kinds.</summary>
    public required double Requests { get; init; }

    /// <summary>Bytes a second that READ handed out.</summary>
    public required double BytesRead { get; init; }

    /// <summary>Bytes a second that WRITE took.</summary>
    public required double BytesWritten { get; init; }

    /// <summary>Processors that the server kept busy: 0.5 is half of one.</summary>
    public required double Processors { get; init; }

    /// <summary>Kinds of request that came at all, the most frequent first.</summary>
    public required IReadOnlyList<OperationRate> Operations { get; init; }

    /// <summary>
    /// What was done from <paramref name="earlier"/> to <paramref name="later"/>; since its own start where the later
    /// server is another one.
    /// </summary>
    /// <returns>Null when no time has gone by, or either is the report of an arena without a server.</returns>
    public static StatusRates? Between(StatusReport earlier, StatusReport later)
    {
        if (earlier.ProcessId is null || later.ProcessId is null) return null;
        StatusReport? before = earlier.ProcessId == later.ProcessId ? earlier : null;
        double seconds = (later.UptimeSeconds ?? 0) - (before?.UptimeSeconds ?? 0);
        if (seconds <= 0) return null;
        Dictionary<string, ulong> counts = before?.Operations.ToDictionary(
            operation => operation.Name, operation => operation.Count) ?? [];
        return new StatusRates
        {
            MountPoint = later.MountPoint,
            Arena = later.Arena,
            Seconds = seconds,
            Requests = Rate("requests"),
            BytesRead = Rate("bytesRead"),
            BytesWritten = Rate("bytesWritten"),
            Processors = ((later.CpuSeconds ?? 0) - (before?.CpuSeconds ?? 0)) / seconds,
            Operations =
            [
                .. later.Operations
                    .Select(operation => new OperationRate(
                        operation.Name, (operation.Count - counts.GetValueOrDefault(operation.Name)) / seconds))
                    .Where(operation => operation.PerSecond > 0)
                    .OrderByDescending(operation => operation.PerSecond),
            ],
        };

        double Rate(string counter) =>
            (later.Counters.GetValueOrDefault(counter) - (before?.Counters.GetValueOrDefault(counter) ?? 0)) / seconds;
    }
}
