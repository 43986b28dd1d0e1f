namespace PersistFs.Engine.Arenas;

/// <summary>What giving an object back gave free with it.</summary>
internal enum ReleaseOutcome
{
    /// <summary>It was free already; only recovery may see that.</summary>
    Nothing,

    /// <summary>An object of a slab that still has others.</summary>
    Object,

    /// <summary>A block, perhaps because its last object went.</summary>
    Block,

    /// <summary>A block, and with it the last one of its frame.</summary>
    BlockAndFrame,

    /// <summary>A data frame.</summary>
    DataFrame,
}
