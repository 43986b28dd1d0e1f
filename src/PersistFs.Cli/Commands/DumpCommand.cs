using System.CommandLine;
using PersistFs.Cli.Output;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Dump;
using PersistFs.Server.Arenas;
using PersistFs.Server.Failures;

namespace PersistFs.Cli.Commands;

/// <summary>
/// `persistfs dump ARENA`: what lies in an arena, for an engineer; of one in use too, and nothing is changed.
/// </summary>
internal static class DumpCommand
{
    public static Command Create()
    {
        Argument<string> arena = new("ARENA") { Description = "An arena, served or not, damaged or not." };
        Option<ulong?> inode = new("--inode")
        {
            Description = "Describe one inode by its number; 1 is the root.",
            HelpName = "N",
        };
        Option<string?> path = new("--path")
        {
            Description = "Describe the inode that a path from the tree's root leads to.",
            HelpName = "P",
        };
        Option<int> limit = new("--limit")
        {
            Description = "Items shown of each list.",
            HelpName = "N",
            DefaultValueFactory = _ => new DumpOptions().ItemsMax,
        };
        Command command = new("dump", "Show what lies in an arena, without recovery and without changing it.")
        {
            arena, inode, path, limit,
        };
        command.SetAction(parsed =>
        {
            var options = new DumpOptions
            {
                Inode = parsed.GetValue(inode),
                Path = parsed.GetValue(path),
                ItemsMax = Math.Max(1, parsed.GetValue(limit)),
            };
            return (int)Run(ArenaArgument.ToAbsolute(parsed.GetValue(arena)!), options);
        });
        return command;
    }

    private static ExitCode Run(string arena, DumpOptions options)
    {
        if (options is { Inode: not null, Path: not null })
        {
            throw new FailureException(
                FailureKind.Usage, "--inode and --path: only one of them can be described", "leave one out");
        }
        try
        {
            VolumeDump.Write(ArenaFinder.Find(arena), options, Console.Out);
            return ExitCode.Success;
        }
        catch (ArenaException exception)
        {
            throw FailureException.FromArena(exception);
        }
        catch (ArenaCorruptException exception)
        {
            throw new FailureException(
                FailureKind.ArenaCorrupt,
                $"{arena}: {exception.Message}",
                "what can be read is above; restore it from a saved image");
        }
    }
}
