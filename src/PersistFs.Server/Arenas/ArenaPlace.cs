namespace PersistFs.Server.Arenas;

/// <summary>Where an arena lies, or will lie once it is made.</summary>
/// <param name="Spec">A path, or what else the engine takes as an arena.</param>
/// <param name="SizeMaxInBytes">How far it may grow; means something only while it is not made.</param>
/// <param name="Note">In one line, for the operator: what was chosen and why; null where there was no choice.</param>
/// <param name="IsFixed">Whether its memory is all there from the start whatever is asked for, as a device's.</param>
public readonly record struct ArenaPlace(string Spec, ulong SizeMaxInBytes, string? Note, bool IsFixed = false);
