namespace PersistFs.Engine.Image;

/// <summary>How far a save or a restore is.</summary>
/// <param name="Phase">What is being done, for people.</param>
/// <param name="DoneBytes">Bytes of memory dealt with in this phase.</param>
/// <param name="TotalBytes">Bytes of memory that the phase is about, at least 1.</param>
public readonly record struct ImageProgress(string Phase, ulong DoneBytes, ulong TotalBytes);
