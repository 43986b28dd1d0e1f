namespace PersistFs.Server.Control;

/// <summary>
/// First words of the lines that go over a server's socket. Each line is a JSON array of strings: an order and its
/// arguments one way, any number of progress and note lines and then one done or fail line the other way.
/// </summary>
public static class ControlWord
{
    /// <summary>Asks for the report: one JSON object, no line of this kind. What one gets who asks for nothing.</summary>
    public const string Status = "status";

    /// <summary>"progress", and what the order says of it.</summary>
    public const string Progress = "progress";

    /// <summary>"note", text: something the operator may want to know.</summary>
    public const string Note = "note";

    /// <summary>"done", and the order's results: the last line.</summary>
    public const string Done = "done";

    /// <summary>"fail", <see cref="FailureKind"/>, message, next step: the last line.</summary>
    public const string Fail = "fail";
}
