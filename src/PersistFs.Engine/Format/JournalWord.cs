namespace PersistFs.Engine.Format;

/// <summary>The word that decides whether a transaction is open, committed or done (FORMAT.md, section 6).</summary>
internal readonly record struct JournalWord(ulong Value)
{
    public JournalWord(int undoCount, int freeCount, uint sequence)
        : this((ushort)undoCount | (ulong)(ushort)freeCount << 16 | (ulong)sequence << 32)
    {
    }

    public int UndoCount => (ushort)Value;

    public int FreeCount => (ushort)(Value >> 16);

    /// <summary>Transactions committed by this worker, modulo 2^32.</summary>
    public uint Sequence => (uint)(Value >> 32);
}
