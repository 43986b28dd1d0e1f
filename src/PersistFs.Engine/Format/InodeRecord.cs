using System.Runtime.InteropServices;

namespace PersistFs.Engine.Format;

/// <summary>One slot of an inode slab: all that is known of a file but its names (FORMAT.md, section 7).</summary>
/// <remarks>Invariant: LinkCount is 0 exactly when the inode is on a pending list as an orphan.</remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeInBytes)]
internal struct InodeRecord
{
    public const int SizeInBytes = 128;

    /// <summary>File type and permission bits, as in st_mode; 0 marks a record not in use.</summary>
    [FieldOffset(0)] public uint Mode;

    /// <summary>Names that lead here; a directory has 2 and one for each directory in it.</summary>
    [FieldOffset(4)] public uint LinkCount;
    [FieldOffset(8)] public uint UserId;
    [FieldOffset(12)] public uint GroupId;

    /// <summary>Bytes a reader may see; whatever lies past it is zeroed before it grows.</summary>
    [FieldOffset(16)] public ulong Size;

    /// <summary>A <see cref="LookupWord"/>; changed in transactions, under the lookup lock of the inode.</summary>
    [FieldOffset(24)] public ulong LookupWord;

    /// <summary>Times are signed nanoseconds since 1970.</summary>
    [FieldOffset(32)] public long AccessTime;
    [FieldOffset(40)] public long ModificationTime;
    [FieldOffset(48)] public long ChangeTime;
    [FieldOffset(56)] public long BirthTime;

    /// <summary>Tells uses of one number apart; never 0.</summary>
    [FieldOffset(64)] public uint Generation;

    /// <summary>As FS_IOC_GETFLAGS has them.</summary>
    [FieldOffset(68)] public uint Flags;

    /// <summary>Blocks that hold contents; of a directory its number of entries.</summary>
    [FieldOffset(72)] public ulong BlockCount;

    /// <summary>Offset of the first extended attribute; 0 for none.</summary>
    [FieldOffset(80)] public ulong Attributes;

    /// <summary>Root of the contents; its meaning depends on the kind. Of a device its number.</summary>
    [FieldOffset(88)] public ulong Contents;

    /// <summary>A <see cref="ContentsWord"/>: kind, height, root size and pending flags.</summary>
    [FieldOffset(96)] public ulong ContentsWord;

    /// <summary>Of a directory, the inode number that ".." leads to.</summary>
    [FieldOffset(104)] public ulong Parent;
    [FieldOffset(112)] public ulong PendingNext;
    [FieldOffset(120)] public ulong PendingPrevious;
}
