using System.CommandLine;
using PersistFs.Cli.Output;
using PersistFs.Server.Settings;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs mount ARENA MNT`: as `mount -t fuse.persistfs`, with the errors told our way.</summary>
internal static class MountCommand
{
    public static Command Create()
    {
        Argument<string> arena = new("ARENA")
        {
            Description = "The arena; made where it is missing. \"none\" chooses a place.",
        };
        Argument<string> mountPoint = new("MNT") { Description = "The directory to mount on." };
        Option<string[]> options = new("-o")
        {
            Description = "Mount options, with commas between (listed below).",
            HelpName = "OPT,...",
        };
        Command command = new("mount", "Mount an arena: what `mount -t fuse.persistfs` does.")
        {
            arena,
            mountPoint,
            options,
        };
        command.SetAction(parsed => (int)Run(
            parsed.GetValue(arena)!, parsed.GetValue(mountPoint)!, parsed.GetValue(options) ?? []));
        return command;
    }

    private static ExitCode Run(string arena, string mountPoint, string[] options) => UpCommand.Run(
        "mount", file: null, Settings(arena, mountPoint, string.Join(",", options)), Console.Out.WriteLine);

    /// <summary>The settings that mounting <paramref name="source"/> means.</summary>
    public static Dictionary<string, string?> Settings(string source, string mountPoint, string options)
    {
        Dictionary<string, string?> values = new()
        {
            [SettingKey.MountPoint.Name] = Path.GetFullPath(mountPoint),
            [SettingKey.MountOptions.Name] = options,
        };
        // As with tmpfs, fstab may have a word in the place of the source.
        if (source is not ("none" or "tmpfs" or "persistfs"))
        {
            values[SettingKey.Arena.Name] = ArenaArgument.ToAbsolute(source);
        }
        return values;
    }
}
