namespace PersistFs.Engine.Transactions;

/// <summary>How far into the last reserve of space a transaction may go.</summary>
internal enum SpaceLevel
{
    /// <summary>Must leave the reserve alone.</summary>
    Ordinary,

    /// <summary>
    /// May use it: data that the kernel has acknowledged to its writer already, and work that frees more.
    /// </summary>
    Acknowledged,
}
