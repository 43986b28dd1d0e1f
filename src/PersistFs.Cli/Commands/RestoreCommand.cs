using System.CommandLine;
using PersistFs.Cli.Output;
using PersistFs.Engine.Image;
using PersistFs.Linux;
using PersistFs.Server.Images;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs restore FILE ARENA`: an arena from an image.</summary>
internal static class RestoreCommand
{
    /// <summary>An arena holds everybody's files.</summary>
    private const uint OthersMask = 0x3F;

    public static Command Create()
    {
        Argument<string> file = new("FILE") { Description = "An image, or the block device that holds one." };
        Argument<string> arena = new("ARENA") { Description = "Where the arena shall be; nobody serves it." };
        Option<bool> force = new("--force") { Description = "Replace the arena that is there." };
        Command command = new("restore", "Make an arena from an image.") { file, arena, force };
        command.SetAction(parsed => (int)Run(
            Path.GetFullPath(parsed.GetValue(file)!), ArenaArgument.ToAbsolute(parsed.GetValue(arena)!),
            parsed.GetValue(force)));
        return command;
    }

    private static ExitCode Run(string file, string arena, bool force)
    {
        Libc.SetFileModeMask(OthersMask);
        ImageReport report = ProgressDisplay.Run(
            (progress, cancellation) => Saver.Restore(file, arena, force, progress, cancellation));
        Console.Out.WriteLine($"arena {arena}: {ReportText.Of(report)}");
        return ExitCode.Success;
    }
}
