namespace PersistFs.Engine.Structures;

/// <summary>Which blocks are to go, how much one transaction may still free, and what it has freed.</summary>
/// <param name="first">The first block that goes.</param>
/// <param name="end">The block behind the last one that goes.</param>
/// <param name="budget">Blocks, frames and nodes that may be freed.</param>
internal struct Removal(ulong first, ulong end, int budget)
{
    public readonly ulong First = first;
    public readonly ulong End = end;

    /// <summary>Things that may still be freed.</summary>
    public int Budget = budget;

    /// <summary>Blocks of contents that are gone; a data frame counts as 512.</summary>
    public ulong Blocks;
}
