using System.CommandLine;
using System.Globalization;
using PersistFs.Cli.Output;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Check;
using PersistFs.Engine.Volumes;
using PersistFs.Server.Arenas;
using PersistFs.Server.Failures;
using PersistFs.Server.Settings;
using Spectre.Console;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs check ARENA [--repair]`: 0 clean, 1 findings, 2 could not check.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        Argument<string> arena = new("ARENA") { Description = "An arena that is not being served." };
        Option<bool> repair = new("--repair")
        {
            Description = "Repair what can be repaired, and say what, one repair a line.",
        };
        Command command = new("check", "Look for damage in an arena: exit 0 clean, 1 findings, 2 could not check.")
        {
            arena, repair,
        };
        command.SetAction(
            parsed => (int)Run(ArenaArgument.ToAbsolute(parsed.GetValue(arena)!), parsed.GetValue(repair)));
        return command;
    }

    private static ExitCode Run(string arena, bool repairs)
    {
        CheckReport report;
        long repaired = 0;
        try
        {
            report = WithBar(progress => !repairs
                ? VolumeChecker.Check(ArenaFinder.Find(arena), new VolumeOptions(), progress)
                : VolumeRepairer.Repair(ArenaFinder.Find(arena), new VolumeOptions(), OnRepair, progress));
        }
        catch (ArenaException exception)
        {
            FailureException failure = FailureException.FromArena(exception);
            return ErrorOutput.Write("check", ExitCode.CouldNotCheck, failure.Message, failure.NextStep);
        }
        catch (FailureException failure)
        {
            return ErrorOutput.Write("check", ExitCode.CouldNotCheck, failure.Message, failure.NextStep);
        }
        foreach (Finding finding in report.Findings) Console.Out.WriteLine(finding);
        long unlisted = report.FindingCount - report.Findings.Count;
        if (unlisted > 0) Console.Out.WriteLine(Invariant($"and {unlisted:N0} more"));
        string findings = Invariant($"{report.FindingCount:N0} findings{(repairs ? " remain" : "")}");
        string state = report.IsClean ? "clean" : findings;
        if (repaired > 0) state = Invariant($"{repaired:N0} repairs, ") + state;
        Console.Error.WriteLine($"{arena}: {state}; "
            + Invariant($"{report.Inodes:N0} inodes, {report.Names:N0} names in {report.Directories:N0} directories, ")
            + SizeText.Format(report.BlocksUsed * VolumeStatistics.BlockSizeInBytes)
            + Invariant($" in {report.Elapsed.TotalSeconds:0.0} s"));
        return report.IsClean ? ExitCode.Success : ExitCode.Findings;

        void OnRepair(string line)
        {
            repaired++;
            Console.Out.WriteLine($"Repaired: {line}");
        }
    }

    /// <summary>The check itself, with a bar where somebody looks at a terminal.</summary>
    private static CheckReport WithBar(Func<Action<CheckProgress>?, CheckReport> check)
    {
        if (Console.IsErrorRedirected) return check(null);
        CheckReport? report = null;
        IAnsiConsole terminal = AnsiConsole.Create(
            new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        terminal.Progress().AutoClear(true).Start(progress =>
        {
            ProgressTask task = progress.AddTask("check");
            report = check(step =>
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
