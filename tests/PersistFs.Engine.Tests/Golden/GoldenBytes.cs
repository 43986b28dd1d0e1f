namespace PersistFs.Engine.Tests.Golden;

/// <summary>A little-endian number at one place.</summary>
/// <param name="Offset">Bytes from the start.</param>
/// <param name="Size">Its bytes, 1 to 8.</param>
/// <param name="Value">The number.</param>
/// <param name="What">What it is, for people.</param>
internal readonly record struct GoldenBytes(ulong Offset, int Size, ulong Value, string What);
