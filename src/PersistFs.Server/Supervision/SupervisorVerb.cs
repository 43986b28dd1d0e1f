namespace PersistFs.Server.Supervision;

/// <summary>
/// Words of the lines that a supervisor and its clients exchange; a tab stands before each text.
/// </summary>
internal static class SupervisorVerb
{
    /// <summary>"note", text: something the operator may want to know.</summary>
    public const string Note = "note";

    /// <summary>"ready": the mount answers; the upgrade is done.</summary>
    public const string Ready = "ready";

    /// <summary>"fail", message, next step.</summary>
    public const string Fail = "fail";

    /// <summary>"upgrade", program: asks for another server in the place of the one that serves.</summary>
    public const string Upgrade = "upgrade";

    /// <summary>
    /// "kept": asks what is kept; the answer is the supervisor's process, then NAME=DESCRIPTOR of each.
    /// </summary>
    public const string Kept = "kept";

    /// <summary>"discard": asks a supervisor without a server to end; it answers with its process.</summary>
    public const string Discard = "discard";

    /// <summary>
    /// "serve", program, arguments: asks a supervisor without a server to start one. The same word comes first if it
    /// does, then what a new supervisor would tell.
    /// </summary>
    public const string Serve = "serve";

    /// <summary>A text as it may stand in a line.</summary>
    public static string OneLine(string text) => text.ReplaceLineEndings(" ").Replace('\t', ' ');
}
