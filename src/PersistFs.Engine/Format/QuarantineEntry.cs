using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>
/// A request that was in hand when a server died, and how often that has happened (FORMAT.md, section 6).
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = SizeInBytes)]
internal struct QuarantineEntry
{
    public const int SizeInBytes = 16;

    /// <summary>The request's number; 0 for a free entry.</summary>
    [FieldOffset(0)] public ulong Request;
    [FieldOffset(8)] public uint Session;

    /// <summary>Times that a server crashed with the request in hand.</summary>
    [FieldOffset(12)] public ushort Crashes;

    /// <summary>Times that one was killed from outside.</summary>
    [FieldOffset(14)] public ushort Kills;
}
