namespace PersistFs.Engine.Check;

/// <summary>What can be done about a finding.</summary>
/// <param name="Stage">When.</param>
/// <param name="Act">
/// Does it, in one transaction or by one store, and says in a sentence what was done; null if it was not needed any
/// more or could not be done. It looks again at what it changes: repairs before it may have changed it.
/// </param>
internal sealed record Repair(RepairStage Stage, Func<RepairContext, string?> Act);
