using PersistFs.Server.Failures;

namespace PersistFs.Cli.Output;

/// <summary>
/// How every error is told: on stderr, the object and the cause in one line, the next step in another.
/// </summary>
internal static class ErrorOutput
{
    /// <summary>Runs a verb; what it throws becomes a message and an exit code.</summary>
    public static ExitCode Guard(string verb, Func<ExitCode> run)
    {
        try
        {
            return run();
        }
        catch (FailureException exception)
        {
            return Write(verb, exception.Kind.ToExitCode(), exception.Message, exception.NextStep);
        }
#pragma warning disable CA1031 // The last resort: whatever else comes here is a bug, and has an exit code too.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Write(
                verb, ExitCode.Internal, $"unexpected: {exception}", "this is a bug; please report it with this text");
        }
    }

    /// <summary>Writes one error.</summary>
    /// <returns><paramref name="code"/>, for the caller to pass on.</returns>
    public static ExitCode Write(string verb, ExitCode code, string message, string nextStep)
    {
        Console.Error.WriteLine(verb.Length == 0 ? $"persistfs: {message}" : $"persistfs {verb}: {message}");
        Console.Error.WriteLine($"  next: {nextStep}");
        return code;
    }
}
