using System.CommandLine;
using PersistFs.Cli.Output;
using PersistFs.Server.Kexec;
using PersistFs.Server.Status;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs kexec abort [MNT]`: undoes what prepare has done.</summary>
internal static class KexecAbortCommand
{
    public static Command Create()
    {
        Argument<string?> mountPoint = KexecCommand.MountPointArgument();
        Command command = new("abort", "Undo what prepare has done: changes go on.") { mountPoint };
        command.SetAction(parsed => (int)Run(parsed.GetValue(mountPoint)));
        return command;
    }

    private static ExitCode Run(string? mountPoint)
    {
        foreach (StatusReport report in KexecCommand.Served(mountPoint))
        {
            bool wasFrozen = KexecPrepare.Abort(report.MountPoint!);
            Console.Out.WriteLine($"{report.MountPoint}: {(wasFrozen ? "thawed" : "was not frozen")}");
        }
        return ExitCode.Success;
    }
}
