namespace PersistFs.Engine.Format;

/// <summary>
/// How full a directory leaf is; one store of it publishes an insert or a removal (FORMAT.md, section 10).
/// </summary>
internal readonly record struct FillWord(ulong Value)
{
    public FillWord(int slotCount, int heapStart, int liveBytes, int liveCount)
        : this((ushort)slotCount | (ulong)(ushort)heapStart << 16 | (ulong)(ushort)liveBytes << 32
            | (ulong)(ushort)liveCount << 48)
    {
    }

    /// <summary>Slots in use or freed.</summary>
    public int SlotCount => (ushort)Value;

    /// <summary>Position of the lowest entry; the leaf's size if there is none.</summary>
    public int HeapStart => (ushort)(Value >> 16);

    /// <summary>Bytes that live entries take.</summary>
    public int LiveBytes => (ushort)(Value >> 32);

    public int LiveCount => (ushort)(Value >> 48);
}
