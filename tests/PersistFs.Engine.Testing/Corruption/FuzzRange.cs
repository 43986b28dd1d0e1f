namespace PersistFs.Engine.Testing.Corruption;

/// <summary>Bytes of an arena that mean something.</summary>
/// <param name="Offset">From the arena's first byte.</param>
/// <param name="Length">In bytes.</param>
internal readonly record struct FuzzRange(ulong Offset, int Length);
