namespace PersistFs.Server.Status;

/// <summary>Whether the memory of an arena goes to the next kernel.</summary>
/// <param name="Segments">Segments that the arena has.</param>
/// <param name="Preserved">Those that the kernel hands to the next one.</param>
/// <param name="Reason">Why not all of them; null when they are.</param>
/// <param name="Milliseconds">How long the kernel took when it preserved some last; null when it did not yet.</param>
public sealed record LiveUpdateStatus(int Segments, int Preserved, string? Reason, double? Milliseconds = null);
