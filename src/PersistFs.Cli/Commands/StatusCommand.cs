using System.CommandLine;
using System.Text.Json;
using PersistFs.Cli.Output;
using PersistFs.Linux;
using PersistFs.Server.Arenas;
using PersistFs.Server.Failures;
using PersistFs.Server.Paths;
using PersistFs.Server.Status;
using Spectre.Console;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs status [MNT|ARENA] [--json]`: what is served, or lies in an arena that nobody serves.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        Argument<string?> target = new("TARGET")
        {
            Description = "A mount point or an arena. Otherwise all that is served.",
            HelpName = "MNT|ARENA",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> json = new("--json") { Description = "For programs: one JSON object a line." };
        Command command = new("status", "Show how full a tree is and what its server does.") { target, json };
        command.SetAction(parsed => (int)Run(parsed.GetValue(target), parsed.GetValue(json)));
        return command;
    }

    private static ExitCode Run(string? target, bool isJson)
    {
        IReadOnlyList<StatusReport> reports = target is null ? StatusClient.AskAll() : [Find(target)];
        if (reports.Count == 0)
        {
            throw new FailureException(FailureKind.NotMounted, $"{RuntimePaths.Base}: no server of this user answers",
                "start one with: persistfs up MNT, or name an arena");
        }
        foreach (StatusReport report in reports)
        {
            if (isJson) Console.Out.WriteLine(JsonSerializer.Serialize(report, StatusJson.Default.StatusReport));
            else AnsiConsole.Write(StatusView.Render(report));
        }
        return ExitCode.Success;
    }

    /// <summary>The status of a mount point or an arena, served or not.</summary>
    public static StatusReport Find(string target)
    {
        if (StatusClient.Find(target) is { } report) return report;
        string path = ArenaArgument.ToAbsolute(target);
        if (Libc.ResolvePath(path, out string resolved) != Errno.OK) resolved = path;
        if (Directory.Exists(resolved) || MountTable.Find(resolved) is not null)
        {
            throw new FailureException(FailureKind.NotMounted, $"{target}: no server of this user answers for it",
                $"start one with: persistfs up {target}");
        }
        return OfflineStatus.Read(path);
    }
}
