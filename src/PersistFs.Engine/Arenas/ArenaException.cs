namespace PersistFs.Engine.Arenas;

/// <summary>An arena cannot be formatted or opened. Nothing was changed.</summary>
public sealed class ArenaException : Exception
{
    /// <param name="fault">The kind of the fault.</param>
    /// <param name="message">The object and the cause, one sentence.</param>
    /// <param name="nextStep">What the operator can do about it, one sentence.</param>
    public ArenaException(ArenaFault fault, string message, string nextStep)
        : base(message)
    {
        Fault = fault;
        NextStep = nextStep;
    }

    public ArenaFault Fault { get; }

    public string NextStep { get; }
}
