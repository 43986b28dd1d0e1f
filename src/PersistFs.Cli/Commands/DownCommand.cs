using System.CommandLine;
using PersistFs.Cli.Output;
using PersistFs.Server.Memfd;
using PersistFs.Server.Mounts;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs down MNT`: unmounts, and waits until the server has let go of the arena.</summary>
internal static class DownCommand
{
    public static Command Create()
    {
        Argument<string> mountPoint = new("MNT") { Description = "The mount point." };
        Option<bool> lazy = new("--lazy", "-l")
        {
            Description = "Even while files are in use: they stay usable for a while.",
        };
        Option<bool> discard = new("--discard")
        {
            Description = "An arena in memory (memfd:) is discarded as well, and its memory freed.",
        };
        Command command = new("down", "End what `up` began. The tree stays in its arena.")
        {
            mountPoint,
            lazy,
            discard,
        };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(mountPoint)!;
            MemfdRelease release = MemfdRelease.Prepare(path, parsed.GetValue(discard));
            IReadOnlyList<string> others = release.IsMounted
                ? Unmounter.Unmount(path, parsed.GetValue(lazy), waitsForServer: true)
                : [];
            if (others.Count > 0)
            {
                Console.Out.WriteLine($"{path}: unmounted; the tree is still mounted on {string.Join(", ", others)}");
            }
            else if (release.Finish() is { } note)
            {
                Console.Out.WriteLine(note);
            }
            return (int)ExitCode.Success;
        });
        return command;
    }
}
