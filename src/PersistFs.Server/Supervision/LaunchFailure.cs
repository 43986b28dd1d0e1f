namespace PersistFs.Server.Supervision;

/// <summary>Why a server that was started did not come up.</summary>
/// <param name="ExitCode">Its exit code, or 128 and the number of the signal that ended it.</param>
/// <param name="Message">The object and the cause.</param>
/// <param name="NextStep">What the operator can do about it.</param>
public sealed record LaunchFailure(int ExitCode, string Message, string NextStep);
