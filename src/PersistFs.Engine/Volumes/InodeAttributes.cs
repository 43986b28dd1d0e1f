using PersistFs.Engine.Format;

namespace PersistFs.Engine.Volumes;

/// <summary>What stat(2) shows of an inode, at one moment.</summary>
public readonly struct InodeAttributes
{
    internal InodeAttributes(InodeNumber inode, in InodeRecord record)
    {
        bool isDirectory = Linux.ModeBits.IsDirectory(record.Mode);
        Inode = inode;
        Generation = record.Generation;
        Mode = record.Mode;
        LinkCount = record.LinkCount;
        UserId = record.UserId;
        GroupId = record.GroupId;
        Flags = record.Flags;
        Size = isDirectory ? record.BlockCount * BytesPerEntry : record.Size;
        Blocks = isDirectory ? 0 : record.BlockCount;
        AccessTime = record.AccessTime;
        ModificationTime = record.ModificationTime;
        ChangeTime = record.ChangeTime;
        BirthTime = record.BirthTime;
        bool isDevice =
            (record.Mode & Linux.ModeBits.TypeMask) is Linux.ModeBits.CharacterDevice or Linux.ModeBits.BlockDevice;
        DeviceNumber = isDevice ? (uint)record.Contents : 0;
    }

    /// <summary>
    /// A directory shows this many bytes for each entry, as tmpfs does (linux/shmem_fs.h, BOGO_DIRENT_SIZE).
    /// </summary>
    private const ulong BytesPerEntry = 20;

    public InodeNumber Inode { get; }

    public uint Generation { get; }

    public uint Mode { get; }

    public uint LinkCount { get; }

    public uint UserId { get; }

    public uint GroupId { get; }

    /// <summary>As FS_IOC_GETFLAGS has them.</summary>
    public uint Flags { get; }

    /// <summary>As st_rdev; 0 unless a device.</summary>
    public uint DeviceNumber { get; }

    public ulong Size { get; }

    /// <summary>Blocks of 4 KiB that hold contents.</summary>
    public ulong Blocks { get; }

    /// <summary>Times are nanoseconds since 1970.</summary>
    public long AccessTime { get; }

    public long ModificationTime { get; }

    public long ChangeTime { get; }

    public long BirthTime { get; }
}
