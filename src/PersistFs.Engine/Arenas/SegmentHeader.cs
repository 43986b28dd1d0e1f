using Microsoft.Win32.SafeHandles;

namespace PersistFs.Engine.Arenas;

/// <summary>What the first segment of an arena says of the whole, before it is opened.</summary>
/// <param name="Name">How the arena is called.</param>
/// <param name="SegmentCount">Segments that there have to be.</param>
/// <param name="IdentityWord">The low word of the identity in the superblock.</param>
public readonly record struct SegmentHeader(string Name, int SegmentCount, ulong IdentityWord)
{
    /// <summary>Reads it; null where the file does not begin an arena in segments.</summary>
    public static SegmentHeader? Read(SafeFileHandle segment) => SegmentedBacking.ReadHead(segment);
}
