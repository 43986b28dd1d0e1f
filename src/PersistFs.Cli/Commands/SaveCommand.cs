using System.CommandLine;
using PersistFs.Cli.Output;
using PersistFs.Engine.Image;
using PersistFs.Linux;
using PersistFs.Server.Images;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs save MNT|ARENA FILE`: an image of a tree, of one that is served too.</summary>
internal static class SaveCommand
{
    /// <summary>An image holds everybody's files.</summary>
    private const uint OthersMask = 0x3F;

    public static Command Create()
    {
        Argument<string> target = new("TARGET")
        {
            Description = "A mount point, or an arena that nobody serves.",
            HelpName = "MNT|ARENA",
        };
        Argument<string> file = new("FILE") { Description = "Where the image goes: a file, or a block device." };
        Option<bool> force = new("--force")
        {
            Description = "Replace whatever is there, another arena's image too.",
        };
        Command command = new("save", "Write an image of a tree, while clients go on to use it.")
        {
            target, file, force,
        };
        command.SetAction(parsed => (int)Run(
            parsed.GetValue(target)!, Path.GetFullPath(parsed.GetValue(file)!), parsed.GetValue(force)));
        return command;
    }

    private static ExitCode Run(string target, string file, bool force)
    {
        Libc.SetFileModeMask(OthersMask);
        string named = Path.Exists(target) ? Path.GetFullPath(target) : ArenaArgument.ToAbsolute(target);
        ImageReport report = ProgressDisplay.Run(
            (progress, cancellation) => Saver.Save(named, file, force, progress, cancellation));
        Console.Out.WriteLine($"{file}: {ReportText.Of(report)}");
        return ExitCode.Success;
    }
}
