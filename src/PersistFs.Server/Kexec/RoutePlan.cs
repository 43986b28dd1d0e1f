namespace PersistFs.Server.Kexec;

/// <summary>The way to the next kernel that was chosen for a tree.</summary>
/// <param name="Route">The way; None, where there is none.</param>
/// <param name="Reason">Why it is this one, or why there is none.</param>
/// <param name="NextStep">What would make one; null where there is one.</param>
/// <param name="Image">The file that the arena is saved to; null for other routes.</param>
public sealed record RoutePlan(KexecRoute Route, string Reason, string? NextStep = null, string? Image = null);
