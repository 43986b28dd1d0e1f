using System.CommandLine;
using PersistFs.Cli.Output;
using PersistFs.Server.Mounts;
using PersistFs.Server.Paths;
using PersistFs.Server.Settings;
using PersistFs.Server.Supervision;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs up MNT`: arena, server and mount, and back when the mount answers.</summary>
internal static class UpCommand
{
    public static Command Create()
    {
        ServerArguments arguments = new();
        Command command = new("up", "Serve a tree on MNT, with its arena made on first use; returns when it answers.");
        arguments.AddTo(command);
        command.SetAction(
            parsed => (int)Run("up", arguments.File(parsed), arguments.Values(parsed), Console.Out.WriteLine));
        return command;
    }

    /// <summary>Starts a server with these settings and waits for its mount.</summary>
    /// <param name="verb">Under which name errors are told.</param>
    /// <param name="file">A configuration file, or null.</param>
    /// <param name="values">Settings by name, as given on the command line.</param>
    /// <param name="onNote">Called with each note for the operator.</param>
    public static ExitCode Run(
        string verb, string? file, IReadOnlyDictionary<string, string?> values, Action<string> onNote)
    {
        // Read here first: a mistake is told without a server being started.
        ServerOptions options = ServeCommand.ReadSettings(file, values).Read();
        if (MadeFurtherMount(options, onNote)) return ExitCode.Success;
        List<string> arguments = [options.MountPoint];
        foreach (SettingKey key in SettingKey.All)
        {
            if (key == SettingKey.MountPoint || !values.TryGetValue(key.Name, out string? value)) continue;
            arguments.AddRange([key.Option, value!]);
        }
        if (file is not null) arguments.AddRange(["--config", Path.GetFullPath(file)]);
        LaunchFailure? failure = Launcher.Start(
            options.MountPoint, arguments, RuntimePaths.LogOf(options.MountPoint), onNote);
        if (failure is null) return ExitCode.Success;
        // Somebody else may have begun to serve the arena in the meantime.
        bool isServed = failure.ExitCode == (int)ExitCode.ArenaInUse && MadeFurtherMount(options, onNote);
        return isServed
            ? ExitCode.Success
            : ErrorOutput.Write(verb, (ExitCode)failure.ExitCode, failure.Message, failure.NextStep);
    }

    private static bool MadeFurtherMount(ServerOptions options, Action<string> onNote)
    {
        if (!BindMount.TryMake(options, out string? note)) return false;
        onNote(note!);
        return true;
    }
}
