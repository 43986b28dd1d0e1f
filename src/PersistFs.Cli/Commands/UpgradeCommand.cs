using System.CommandLine;
using PersistFs.Cli.Output;
using PersistFs.Server.Mounts;
using PersistFs.Server.Paths;
using PersistFs.Server.Supervision;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs upgrade MNT`: another server in the place of the one that serves; clients see a pause.</summary>
internal static class UpgradeCommand
{
    public static Command Create()
    {
        Argument<string> mountPoint = new("MNT") { Description = "The mount point." };
        Option<string?> program = new("--exec")
        {
            Description = "The program of the new server. Otherwise the one that serves, read from its file again.",
            HelpName = "PATH",
        };
        Command command = new("upgrade", "Put a new server in the place of the old one; clients see a pause, no error.")
        {
            mountPoint,
            program,
        };
        command.SetAction(parsed =>
        {
            string path = MountPoint.Resolve(parsed.GetValue(mountPoint)!);
            Upgrader.Run(path, parsed.GetValue(program) is { } file ? Path.GetFullPath(file) : null);
            return (int)ExitCode.Success;
        });
        return command;
    }
}
