using PersistFs.Server.Failures;

namespace PersistFs.Server.Control;

/// <summary>
/// First words of the lines that go over a server's socket. Each line is a JSON array of strings: an order and its
/// arguments one way, any number of progress and note lines and then one done or fail line the other way.
/// </summary>
public static class ControlVerb
{
    /// <summary>
    /// Asks for the report: one JSON object, no line of this kind. A client that sends nothing gets it too.
    /// </summary>
    public const string Status = "status";

    /// <summary>
    /// "freeze", <see cref="Names"/> or <see cref="All"/>, milliseconds that a request waits, milliseconds until the
    /// thaw.
    /// </summary>
    public const string Freeze = "freeze";

    /// <summary>Of a freeze: what the kernel brings from its cache is stored, all other changes wait.</summary>
    public const string Names = "names";

    /// <summary>Of a freeze: all changes wait.</summary>
    public const string All = "all";

    /// <summary>"thaw": ends a freeze.</summary>
    public const string Thaw = "thaw";

    /// <summary>"verify": looks whether the arena could be opened again as it is.</summary>
    public const string Verify = "verify";

    /// <summary>"files": names the files that the kernel knows, in lines of progress.</summary>
    public const string Files = "files";

    /// <summary>"synchronize": brings an arena on a disk there.</summary>
    public const string Synchronize = "synchronize";

    /// <summary>"settings": the server's, name and value in turn.</summary>
    public const string Settings = "settings";

    /// <summary>"save", path; with it the open file that the image is written to.</summary>
    public const string Save = "save";

    /// <summary>Of a save: it waits for a freeze, and as progress: now.</summary>
    public const string Settle = "settle";

    /// <summary>"progress", and what the order says of it.</summary>
    public const string Progress = "progress";

    /// <summary>"note", text: something the operator may want to know.</summary>
    public const string Note = "note";

    /// <summary>"done", and the order's results: the last line.</summary>
    public const string Done = "done";

    /// <summary>"fail", <see cref="FailureKind"/>, message, next step: the last line.</summary>
    public const string Fail = "fail";
}
