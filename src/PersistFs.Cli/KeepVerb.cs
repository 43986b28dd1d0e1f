using PersistFs.Cli.Output;
using PersistFs.Server.Failures;
using PersistFs.Server.Supervision;

namespace PersistFs.Cli;

/// <summary>
/// `persistfs keep ...`: what `up` starts. It is for nobody to type, so it has no help and no options.
/// </summary>
internal static class KeepVerb
{
    public static ExitCode Run(string[] arguments)
    {
        if (SupervisorArguments.Parse(arguments.AsSpan(1)) is not { } parsed)
        {
            return ErrorOutput.Write(
                SupervisorArguments.Verb, ExitCode.Usage, "a supervisor is started by `up`", "see: persistfs --help");
        }
        try
        {
            return (ExitCode)Supervisor.Run(parsed, code => ((ExitCode)code).IsFinal());
        }
        catch (FailureException exception)
        {
            return ErrorOutput.Write(
                SupervisorArguments.Verb, exception.Kind.ToExitCode(), exception.Message, exception.NextStep);
        }
    }
}
