using System.Globalization;
using PersistFs.Server.Settings;
using PersistFs.Server.Status;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace PersistFs.Cli.Output;

/// <summary>What a server does a second, as people read it.</summary>
internal static class TopView
{
    private const ulong FrameSizeInBytes = 2UL << 20;
    private const int OperationsShownMax = 12;

    /// <param name="report">How the server is now.</param>
    /// <param name="rates">What it did in the last interval; null before there was one.</param>
    public static IRenderable Render(StatusReport report, StatusRates? rates)
    {
        string places = report.Mounts.Count > 0 ? string.Join(", ", report.Mounts) : report.MountPoint ?? report.Arena;
        Table table = new Table().Border(TableBorder.None).HideHeaders().AddColumn("").AddColumn("");
        table.AddRow($"[bold]{Markup.Escape(places)}[/]", Invariant(
            $"{report.State}, process {report.ProcessId}, {report.Workers} workers, {report.CacheMode}"));
        table.AddRow("[dim]memory[/]", StatusView.Bar(report.BytesUsed, report.BytesMax)
            + $"  {SizeText.Format(report.BytesUsed)} of {SizeText.Format(report.BytesMax)}");
        table.AddRow("[dim]frames[/]", Invariant(
            $"{report.BytesAllocated / FrameSizeInBytes:N0} of {report.SizeMax / FrameSizeInBytes:N0} of 2 MiB taken"));
        table.AddRow("[dim]inodes[/]", Invariant($"{report.InodesUsed:N0}"));
        if (rates is null) return Padded(table.AddRow("[dim]a second[/]", "[dim]looking ...[/]"));
        table.AddRow("[dim]a second[/]", Invariant($"{rates.Requests:N1} requests, ")
            + $"{Bytes(rates.BytesRead)} read, {Bytes(rates.BytesWritten)} written, "
            + Invariant($"{rates.Processors:0.00} processors"));
        ulong most = (ulong)Math.Ceiling(rates.Operations.Count == 0 ? 0 : rates.Operations[0].PerSecond);
        foreach (OperationRate operation in rates.Operations.Take(OperationsShownMax))
        {
            table.AddRow($"  {Markup.Escape(operation.Name)}",
                StatusView.Bar((ulong)Math.Ceiling(operation.PerSecond), most)
                    + Invariant($"  {operation.PerSecond:N1}"));
        }
        return Padded(table);
    }

    private static Padder Padded(Table table) => new Padder(table).Padding(0, 0, 0, 1);

    private static string Bytes(double value) => SizeText.Format((ulong)value);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
