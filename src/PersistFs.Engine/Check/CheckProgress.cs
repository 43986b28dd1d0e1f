namespace PersistFs.Engine.Check;

/// <summary>How far a check has come.</summary>
/// <param name="Pass">What is being looked at, for people.</param>
/// <param name="Done">Frames looked at in this pass.</param>
/// <param name="Total">Frames there are to look at.</param>
public readonly record struct CheckProgress(string Pass, ulong Done, ulong Total);
