namespace PersistFs.Engine.Format;

/// <summary>
/// Whether a completion or listing record counts: bits 0 to 7 the kind, bits 32 to 63 a sequence of the journal.
/// </summary>
internal readonly record struct CompletionState(ulong Value)
{
    /// <summary>The record is free.</summary>
    public static readonly CompletionState Empty = new(0);

    /// <summary>The record counts.</summary>
    public static readonly CompletionState Valid = new(2);

    private const byte TiedKind = 1;
    private const int SequenceShift = 32;

    public byte Kind => (byte)Value;

    public bool IsEmpty => Value == 0;

    public bool IsValid => Value == Valid.Value;

    /// <summary>
    /// Whether it counts exactly if the transaction that was to reach <see cref="Sequence"/> has committed.
    /// </summary>
    public bool IsTied => Kind == TiedKind;

    public uint Sequence => (uint)(Value >> SequenceShift);

    /// <summary>Whether it is one of the three.</summary>
    public bool IsKnown => IsEmpty || IsValid || (Value & 0xFFFF_FFFF) == TiedKind;

    /// <summary>Of a record that counts once the journal has committed its next transaction.</summary>
    public static CompletionState TiedTo(uint sequence) => new(TiedKind | (ulong)sequence << SequenceShift);
}
