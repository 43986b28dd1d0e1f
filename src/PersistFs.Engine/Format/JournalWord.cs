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

    /// <summary>
    /// Moves on with every end of a transaction, modulo 2^32: to an even number by a commit, to an odd one by an
    /// abort.
    /// </summary>
    public uint Sequence => (uint)(Value >> 32);

    /// <summary>What a commit makes of a sequence.</summary>
    public static uint AfterCommit(uint sequence) => (sequence | 1) + 1;

    /// <summary>What an abort, by recovery too, makes of it.</summary>
    public static uint AfterAbort(uint sequence) => (sequence + 1) | 1;
}
