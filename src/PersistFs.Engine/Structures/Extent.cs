using PersistFs.Engine.Format;

namespace PersistFs.Engine.Structures;

/// <summary>A run of file blocks that lie one behind the other in the arena, or a run of a hole.</summary>
/// <param name="Pointer">Where the first of them lies; null for a hole.</param>
/// <param name="BlockCount">Blocks in the run, at least 1.</param>
/// <param name="IsFrame">Whether they are part of a data frame; the run ends with it at the latest.</param>
internal readonly record struct Extent(ArenaPointer Pointer, ulong BlockCount, bool IsFrame)
{
    public bool IsHole => Pointer.IsNull;

    public static Extent Hole(ulong blockCount) => new(ArenaPointer.Null, blockCount, IsFrame: false);
}
