using System.Collections;
using System.CommandLine;
using PersistFs.Server;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs serve MNT`: the server itself, in the foreground, as a unit runs it.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        ServerArguments arguments = new();
        Option<int> readyDescriptor = new("--ready-fd") { Hidden = true, DefaultValueFactory = _ => -1 };
        Command command = new("serve", "Serve a tree on MNT in the foreground, until it is unmounted or told to stop.");
        arguments.AddTo(command);
        command.Options.Add(readyDescriptor);
        command.SetAction(parsed =>
        {
            using ReadinessPipe pipe = new(parsed.GetValue(readyDescriptor));
            try
            {
                ServerOptions options = ReadSettings(arguments.File(parsed), arguments.Values(parsed)).Read();
                int log = parsed.GetValue(readyDescriptor) < 0 ? ServerLog.None : ServerLog.StandardError;
                return (int)Serve(options, pipe, log);
            }
            catch (FailureException exception)
            {
                pipe.Fail(exception.Message, exception.NextStep);
                throw;
            }
        });
        return command;
    }

    /// <summary>Settings of the command line over those of the environment over those of a file.</summary>
    public static ServerSettings ReadSettings(string? file, IReadOnlyDictionary<string, string?> values)
    {
        Dictionary<string, string?> environment = [];
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            environment[(string)variable.Key] = (string?)variable.Value;
        }
        return new ServerSettings(file, environment, values);
    }

    /// <param name="options">What to serve where.</param>
    /// <param name="pipe">Who waits for it.</param>
    /// <param name="log">The descriptor of a log that was made for this server alone, or none.</param>
    private static ExitCode Serve(ServerOptions options, ReadinessPipe pipe, int log)
    {
        ServerHost.Run(options, pipe);
        // After a clean end nobody needs it; after any other it is what there is to look at.
        ServerLog.Remove(RuntimePaths.LogOf(options.MountPoint), log);
        return ExitCode.Success;
    }
}
