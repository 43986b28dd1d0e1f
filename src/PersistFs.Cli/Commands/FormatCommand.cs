using System.CommandLine;
using PersistFs.Cli.Output;
using PersistFs.Linux;
using PersistFs.Server.Arenas;
using PersistFs.Server.Failures;
using PersistFs.Server.Memfd;
using PersistFs.Server.Settings;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs format ARENA`: an arena with an empty tree, without mounting it.</summary>
internal static class FormatCommand
{
    public static Command Create()
    {
        Argument<string> arena = new("ARENA") { Description = "The file to make, or a DAX device." };
        Option<string?> size = new("--size", "--max-size")
        {
            Description = "Bytes the tree may hold, as 512M or 4G. Otherwise half of memory, or the whole device.",
            HelpName = "N",
        };
        Option<string[]> options = new("-o")
        {
            Description = "nr_inodes= mode= uid= gid= fixed, as for `up`.",
            HelpName = "OPT,...",
        };
        Option<bool> isFixed = new("--fixed") { Description = "Take all memory now, and keep it." };
        Option<bool> force = new("--force") { Description = "Overwrite whatever is there." };
        Command command = new("format", "Make an arena with an empty tree.") { arena, size, options, isFixed, force };
        command.SetAction(parsed =>
        {
            MountOptions mount = MountOptions.Parse(parsed.GetValue(options) ?? [], MachineMemory.TotalInBytes);
            if (parsed.GetValue(size) is { } text) mount = mount with { SizeInBytes = SizeOf(text) };
            if (parsed.GetValue(isFixed)) mount = mount with { IsFixed = true };
            string path = ArenaArgument.ToAbsolute(parsed.GetValue(arena)!);
            if (MemfdName.IsMemory(path))
            {
                throw new FailureException(FailureKind.Usage, $"{path}: an arena in memory lives in a descriptor store",
                    $"make and serve it with: persistfs up MNT --arena {path}");
            }
            ArenaPlace place = ArenaPlacement.Choose(path, mountPoint: "", mount);
            VolumeAccess.Format(place, mount, parsed.GetValue(force));
            string growth = mount.IsFixed || place.IsFixed ? "with room for" : "that may grow to";
            Console.Out.WriteLine($"arena {path}: an empty tree {growth} {SizeText.Format(place.SizeMaxInBytes)}");
            return (int)ExitCode.Success;
        });
        return command;
    }

    private static ulong SizeOf(string text) => SizeText.TryParse(text, MachineMemory.TotalInBytes, out ulong size)
        ? size
        : throw new FailureException(FailureKind.Usage, $"--size: \"{text}\" is no size",
            "give digits and a unit, as in 512M or 4G");
}
