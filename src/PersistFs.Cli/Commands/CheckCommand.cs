using System.CommandLine;
using System.Globalization;
using PersistFs.Engine;
using PersistFs.Server;
using Spectre.Console;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs check ARENA`: 0 clean, 1 findings, 2 could not check.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        Argument<string> arena = new("ARENA") { Description = "An arena that is not being served." };
        Command command = new("check", "Look for damage in an arena: exit 0 clean, 1 findings, 2 could not check.") { arena };
        command.SetAction(parsed => (int)Run(ArenaArgument.ToAbsolute(parsed.GetValue(arena)!)));
        return command;
    }

    private static ExitCode Run(string arena)
    {
        CheckReport report;
        try
        {
            report = Check(arena);
        }
        catch (ArenaException exception)
        {
            FailureException failure = VolumeAccess.Translate(exception);
            return ErrorOutput.Write("check", ExitCode.CouldNotCheck, failure.Message, failure.NextStep);
        }
        foreach (Finding finding in report.Findings) Console.Out.WriteLine(finding);
        long unlisted = report.FindingCount - report.Findings.Count;
        if (unlisted > 0) Console.Out.WriteLine(Invariant($"and {unlisted:N0} more"));
        Console.Error.WriteLine($"{arena}: {(report.IsClean ? "clean" : Invariant($"{report.FindingCount:N0} findings"))}; "
            + Invariant($"{report.Inodes:N0} inodes, {report.Names:N0} names in {report.Directories:N0} directories, ")
            + Invariant($"{SizeText.Format(report.BlocksUsed * VolumeStatistics.BlockSizeInBytes)} in {report.Elapsed.TotalSeconds:0.0} s"));
        return report.IsClean ? ExitCode.Success : ExitCode.Findings;
    }

    /// <summary>The check itself, with a bar where somebody looks at a terminal.</summary>
    private static CheckReport Check(string arena)
    {
        if (Console.IsErrorRedirected) return VolumeChecker.Check(arena, new VolumeOptions());
        CheckReport? report = null;
        IAnsiConsole terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        terminal.Progress().AutoClear(true).Start(progress =>
        {
            ProgressTask task = progress.AddTask("check");
            report = VolumeChecker.Check(arena, new VolumeOptions(), step =>
            {
                task.Description = Markup.Escape(step.Pass);
                task.MaxValue = step.Total;
                task.Value = step.Done;
            });
        });
        return report!;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
