namespace PersistFs.Server.Keeping;

/// <summary>
/// Words of the lines that a keeper and those who wait for it exchange; a tab stands before each text.
/// </summary>
internal static class KeeperWord
{
    /// <summary>"note", text: something the operator may want to know.</summary>
    public const string Note = "note";

    /// <summary>"ready": the mount answers; the upgrade is done.</summary>
    public const string Ready = "ready";

    /// <summary>"fail", message, next step.</summary>
    public const string Fail = "fail";

    /// <summary>"upgrade", program: asks for another server in the place of the one that serves.</summary>
    public const string Upgrade = "upgrade";

    /// <summary>A text as it may stand in a line.</summary>
    public static string OneLine(string text) => text.ReplaceLineEndings(" ").Replace('\t', ' ');
}
