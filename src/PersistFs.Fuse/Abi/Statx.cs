using System.Runtime.InteropServices;

namespace PersistFs.Fuse.Abi;

/// <summary>struct fuse_statx_in (7.39).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct StatxIn
{
    /// <summary>FUSE_GETATTR_FH says that the handle is valid.</summary>
    public uint Flags;

    /// <summary>Unused.</summary>
    public uint Reserved;

    /// <summary>The open file through which the caller asks.</summary>
    public ulong Handle;

    /// <summary>AT_STATX_* of statx(2).</summary>
    public uint StatxFlags;

    /// <summary>STATX_*: the fields asked for.</summary>
    public uint Mask;
}

/// <summary>struct fuse_sx_time.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct StatxTime
{
    /// <summary>Seconds since 1970.</summary>
    public long Seconds;

    /// <summary>0 to 999,999,999.</summary>
    public uint Nanoseconds;

    /// <summary>Zero.</summary>
    public int Reserved;
}

/// <summary>struct fuse_statx: struct statx of statx(2), bit for bit.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct Statx
{
    /// <summary>STATX_*: the fields that are filled.</summary>
    public uint Mask;

    /// <summary>stx_blksize, in bytes.</summary>
    public uint BlockSizeInBytes;

    /// <summary>STATX_ATTR_*.</summary>
    public ulong Attributes;

    /// <summary>stx_nlink.</summary>
    public uint LinkCount;

    /// <summary>stx_uid.</summary>
    public uint UserId;

    /// <summary>stx_gid.</summary>
    public uint GroupId;

    /// <summary>stx_mode.</summary>
    public ushort Mode;

    /// <summary>Zero.</summary>
    public ushort Spare0;

    /// <summary>stx_ino.</summary>
    public ulong InodeNumber;

    /// <summary>stx_size.</summary>
    public ulong SizeInBytes;

    /// <summary>stx_blocks, in units of 512 bytes.</summary>
    public ulong Blocks512;

    /// <summary>Which attributes the filesystem knows of.</summary>
    public ulong AttributesMask;

    /// <summary>Last access.</summary>
    public StatxTime Access;

    /// <summary>Birth.</summary>
    public StatxTime Birth;

    /// <summary>Last change of contents or attributes.</summary>
    public StatxTime Change;

    /// <summary>Last change of contents.</summary>
    public StatxTime Modify;

    /// <summary>stx_rdev_major.</summary>
    public uint DeviceMajor;

    /// <summary>stx_rdev_minor.</summary>
    public uint DeviceMinor;

    /// <summary>Unused by the kernel.</summary>
    public uint FileSystemMajor;

    /// <summary>Unused by the kernel.</summary>
    public uint FileSystemMinor;

    /// <summary>Zero.</summary>
    public fixed ulong Spare2[14];
}

/// <summary>struct fuse_statx_out.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct StatxOut
{
    /// <summary>How long the attributes hold, in seconds.</summary>
    public ulong ValidSeconds;

    /// <summary>And so many nanoseconds.</summary>
    public uint ValidNanoseconds;

    /// <summary>Zero.</summary>
    public uint Flags;

    /// <summary>Zero.</summary>
    public fixed ulong Spare[2];

    /// <summary>The answer.</summary>
    public Statx Status;
}
