using System.CommandLine;
using PersistFs.Cli.Output;
using PersistFs.Server.Mounts;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs umount MNT`: only unmounts; the server ends on its own.</summary>
internal static class UnmountCommand
{
    public static Command Create()
    {
        Argument<string> mountPoint = new("MNT") { Description = "The mount point." };
        Option<bool> lazy = new("--lazy", "-l")
        {
            Description = "Even while files are in use: they stay usable for a while.",
        };
        Command command = new("umount", "Unmount, as umount(8) does, without waiting for the server's end.")
        {
            mountPoint,
            lazy,
        };
        command.SetAction(parsed =>
        {
            Unmounter.Unmount(parsed.GetValue(mountPoint)!, parsed.GetValue(lazy), waitsForServer: false);
            return (int)ExitCode.Success;
        });
        return command;
    }
}
