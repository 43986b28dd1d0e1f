namespace PersistFs.Engine.Format;

/// <summary>A slot of a directory leaf: where its entry is, and part of its key (FORMAT.md, section 10).</summary>
internal readonly record struct LeafSlot(uint Value)
{
    public const int SizeInBytes = sizeof(uint);

    private const int FingerprintShift = 16;

    public LeafSlot(int position, DirectoryKey key)
        : this((uint)position | key.Fingerprint << FingerprintShift)
    {
    }

    /// <summary>Position of the entry in the leaf; 0 if the slot is freed.</summary>
    public int Position => (ushort)Value;

    /// <summary>The <see cref="DirectoryKey.Fingerprint"/> of the entry's key.</summary>
    public uint Fingerprint => Value >> FingerprintShift;
}
