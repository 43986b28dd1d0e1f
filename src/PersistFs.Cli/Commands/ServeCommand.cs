using System.Collections;
using System.CommandLine;
using PersistFs.Cli.Output;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;
using PersistFs.Server.Kexec;
using PersistFs.Server.Serving;
using PersistFs.Server.Settings;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs serve MNT`: the server itself, in the foreground, as a unit runs it.</summary>
internal static class ServeCommand
{
    public static Command Create()
    {
        ServerArguments arguments = new();
        Command command = new("serve", "Serve a tree on MNT in the foreground, until it is unmounted or told to stop.");
        arguments.AddTo(command);
        command.SetAction(parsed =>
        {
            DescriptorStore store = DescriptorStore.FromEnvironment();
            try
            {
                ServerOptions options = ReadSettings(arguments.File(parsed), arguments.Values(parsed)).Read();
                return (int)Serve(options, store);
            }
            catch (FailureException exception)
            {
                store.Fail(exception.Message, exception.NextStep);
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

    private static ExitCode Serve(ServerOptions options, DescriptorStore store)
    {
        ServerHost.Run(options, store, KexecReturn.Settle);
        return ExitCode.Success;
    }
}
