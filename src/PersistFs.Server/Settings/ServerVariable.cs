namespace PersistFs.Server.Settings;

/// <summary>Environment variables that one part of the program sets for a server; no operator sets them.</summary>
internal static class ServerVariable
{
    /// <summary>An arena in memory is taken from where it is kept, and never made.</summary>
    public const string ExistingOnly = "PERSISTFS_EXISTING_ONLY";

    /// <summary>Take over as on a kernel that cannot send requests again (before Linux 6.9).</summary>
    public const string WithoutResend = "PERSISTFS_WITHOUT_RESEND";

    /// <summary>Whether a variable has a value.</summary>
    public static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 };
}
