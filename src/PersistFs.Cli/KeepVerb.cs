using PersistFs.Server;
using PersistFs.Server.Keeping;

namespace PersistFs.Cli;

/// <summary>
/// `persistfs keep ...`: what `up` starts. It is for nobody to type, so it has no help and no options.
/// </summary>
internal static class KeepVerb
{
    public static ExitCode Run(string[] arguments)
    {
        if (KeeperArguments.Parse(arguments.AsSpan(1)) is not { } parsed)
        {
            return ErrorOutput.Write(
                KeeperArguments.Verb, ExitCode.Usage, "a keeper is started by `up`", "see: persistfs --help");
        }
        try
        {
            return (ExitCode)Keeper.Run(parsed, code => ((ExitCode)code).IsFinal());
        }
        catch (FailureException exception)
        {
            return ErrorOutput.Write(
                KeeperArguments.Verb, exception.Kind.ToExitCode(), exception.Message, exception.NextStep);
        }
    }
}
