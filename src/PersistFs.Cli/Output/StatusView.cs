using System.Globalization;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Settings;
using PersistFs.Server.Status;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace PersistFs.Cli.Output;

/// <summary>A report as people read it: a table with bars.</summary>
internal static class StatusView
{
    private const int BarWidth = 30;
    private const int OperationsShownMax = 8;

    public static IRenderable Render(StatusReport report)
    {
        Table table = new Table().Border(TableBorder.None).HideHeaders().AddColumn("").AddColumn("");
        Add(table, "tree", report.Mounts.Count > 0
            ? string.Join(", ", report.Mounts.Select(Bold))
            : report.MountPoint is { } mountPoint ? Bold(mountPoint) : "[dim]not mounted[/]");
        Add(table, "server", Server(report));
        if (report.Store is { } store)
        {
            Add(table, "held by", Store(store, report.SupervisorProcessId));
        }
        Add(table, "arena", $"{Markup.Escape(report.Arena)} [dim]{Markup.Escape(report.Backing)}, {report.Uuid}[/]");
        if (report.Live is { } live) Add(table, "next kernel", Live(live));
        Add(table, "memory", Bar(report.BytesUsed, report.BytesMax)
            + $"  {SizeText.Format(report.BytesUsed)} of {SizeText.Format(report.BytesMax)}"
            + $" [dim]({SizeText.Format(report.BytesAllocated)} taken from the system)[/]");
        Add(table, "inodes", Inodes(report));
        Add(table, "session", Invariant(
            $"{report.Session}, taken over {report.Takeovers} times; arena opened {report.Generation} times"));
        Add(table, "recovery", report.LastRecovery is { } recovery ? Recovery(recovery) : Pending(report));
        if (report.Operations.Count > 0) Add(table, "requests", Operations(report));
        string events = string.Join(", ", report.Counters.Where(counter => counter.Value > 0)
            .Select(counter => Invariant($"{counter.Key} {counter.Value:N0}")));
        if (events.Length > 0) Add(table, "counters", Markup.Escape(events));
        return new Padder(table).Padding(0, 0, 0, 1);
    }

    private static string Server(StatusReport report)
    {
        string color = report.State == ServerState.Serving ? "green" : report.ProcessId is null ? "dim" : "red";
        string state = $"[{color}]{report.State.ToWord()}[/]";
        if (report.ProcessId is not { } processId) return state;
        TimeSpan uptime = TimeSpan.FromSeconds(Math.Floor(report.UptimeSeconds ?? 0));
        return Invariant($"{state}, process {processId} for {uptime:g}, {report.Workers} workers, ")
            + $"{report.CacheMode?.ToWord()}, FUSE {report.Protocol}, "
            + $"{SizeText.Format(report.ServerBytes ?? 0)} of its own";
    }

    private static string Store(DescriptorStoreKind store, int? supervisor) => store switch
    {
        DescriptorStoreKind.Supervisor => Invariant($"supervisor (process {supervisor})"),
        DescriptorStoreKind.Systemd => "systemd",
        _ => "[red]none[/]",
    };

    private static string Inodes(StatusReport report) => report.InodesMax is { } most
        ? Bar(report.InodesUsed, most) + Invariant($"  {report.InodesUsed:N0} of {most:N0}")
        : Invariant($"{report.InodesUsed:N0}");

    private static string Live(LiveUpdateStatus live) => live.Reason is { } reason
        ? $"not handed on: {Markup.Escape(reason)}"
        : Invariant($"handed on, {live.Preserved} of {live.Segments} segments")
            + (live.Milliseconds is { } taken ? Invariant($", preserved in {taken:0.##} ms") : "");

    private static string Recovery(RecoveryStatus recovery) => Invariant(
        $"{recovery.Milliseconds:0.##} ms: {recovery.RolledBack} undone, {recovery.Completed} completed, ")
        + Invariant($"{recovery.Replayed} replayed, {recovery.AnsweredFromRecords} answered from records")
        + (recovery.GivenUp == 0 ? "" : Invariant($", [red]{recovery.GivenUp} quarantined[/]"));

    private static string Pending(StatusReport report) => report.TransactionsInFlight is { } count and > 0
        ? Invariant($"{count} transactions to undo or finish when it is opened next") : "nothing to undo or finish";

    private static string Operations(StatusReport report)
    {
        List<OperationStatus> shown =
            [.. report.Operations.OrderByDescending(operation => operation.Count).Take(OperationsShownMax)];
        ulong most = shown[0].Count;
        int width = shown.Max(operation => operation.Name.Length);
        return string.Join("\n", shown.Select(operation =>
            $"{operation.Name.PadRight(width)} {Bar(operation.Count, most)}" + Invariant($"  {operation.Count:N0}")));
    }

    /// <summary>A bar that turns yellow and red as it fills.</summary>
    public static string Bar(ulong value, ulong most)
    {
        double share = most == 0 ? 0 : Math.Clamp(value / (double)most, 0, 1);
        int filled = value == 0 ? 0 : Math.Max(1, (int)(share * BarWidth));
        string color = share < 0.8 ? "green" : share < 0.95 ? "yellow" : "red";
        return $"[{color}]{new string('█', filled)}[/][dim]{new string('░', BarWidth - filled)}[/]";
    }

    private static void Add(Table table, string name, string markup) => table.AddRow($"[dim]{name}[/]", markup);

    private static string Bold(string text) => $"[bold]{Markup.Escape(text)}[/]";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
