namespace PersistFs.Engine.Format;

/// <summary>Names an inode: the offset of its record divided by 64. 0 is no inode.</summary>
public readonly record struct InodeNumber(ulong Value)
{
    private const int RecordUnitLog2 = 6;

    public static readonly InodeNumber None;

    /// <summary>
    /// Numbers have at most this many bits, so that a directory entry can hold one beside its type and length.
    /// </summary>
    public const int Bits = 48;

    public bool IsNone => Value == 0;

    internal ArenaPointer Record => new(Value << RecordUnitLog2);

    /// <summary>The pending list this inode goes to, 0 to 15.</summary>
    internal int PendingList => (int)(Value >> 1) & (Layout.PendingListCount - 1);

    internal static InodeNumber FromRecord(ArenaPointer record) => new(record.Value >> RecordUnitLog2);

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
