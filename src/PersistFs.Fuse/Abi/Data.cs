using System.Runtime.InteropServices;

namespace PersistFs.Fuse.Abi;

/// <summary>struct fuse_open_in, of OPEN and OPENDIR.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct OpenIn
{
    /// <summary>O_* of open(2), without those that make a file.</summary>
    public uint Flags;

    /// <summary>FUSE_OPEN_KILL_SUIDGID (7.33).</summary>
    public OpenRequestFlags RequestFlags;
}

/// <summary>struct fuse_create_in, of CREATE and TMPFILE; the name follows.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CreateIn
{
    /// <summary>O_* of open(2).</summary>
    public uint Flags;

    /// <summary>Type and permission bits.</summary>
    public uint Mode;

    /// <summary>The caller's umask, applied already unless DontMask was chosen.</summary>
    public uint Umask;

    /// <summary>FUSE_OPEN_KILL_SUIDGID (7.33).</summary>
    public OpenRequestFlags RequestFlags;
}

/// <summary>struct fuse_open_out.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct OpenOut
{
    /// <summary>What the kernel hands back with every request through this open file.</summary>
    public ulong Handle;

    /// <summary>FOPEN_*: how the kernel is to treat the open file.</summary>
    public OpenReplyFlags Flags;

    /// <summary>The backing file, with Passthrough (7.40).</summary>
    public int BackingId;
}

/// <summary>struct fuse_release_in, of RELEASE and RELEASEDIR.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ReleaseIn
{
    /// <summary>What OPEN returned.</summary>
    public ulong Handle;

    /// <summary>O_* the file was opened with.</summary>
    public uint Flags;

    /// <summary>FUSE_RELEASE_*.</summary>
    public ReleaseFlags ReleaseFlags;

    /// <summary>Owner of POSIX locks.</summary>
    public ulong LockOwner;
}

/// <summary>struct fuse_flush_in: a close(2), of which one open file may see several.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FlushIn
{
    /// <summary>What OPEN returned.</summary>
    public ulong Handle;

    /// <summary>Unused.</summary>
    public uint Unused;

    /// <summary>Unused.</summary>
    public uint Padding;

    /// <summary>Owner of POSIX locks.</summary>
    public ulong LockOwner;
}

/// <summary>struct fuse_read_in, of READ, READDIR and READDIRPLUS.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ReadIn
{
    /// <summary>What OPEN returned.</summary>
    public ulong Handle;

    /// <summary>Where to begin: in bytes for a file, a cookie for a directory.</summary>
    public ulong Offset;

    /// <summary>The most bytes the reply may carry.</summary>
    public uint SizeInBytes;

    /// <summary>FUSE_READ_LOCKOWNER.</summary>
    public uint ReadFlags;

    /// <summary>Owner of POSIX locks.</summary>
    public ulong LockOwner;

    /// <summary>O_* the file is open with.</summary>
    public uint Flags;

    /// <summary>Unused.</summary>
    public uint Padding;
}

/// <summary>struct fuse_write_in; the bytes follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct WriteIn
{
    /// <summary>What OPEN returned.</summary>
    public ulong Handle;

    /// <summary>Where the bytes go, in bytes from the file's start.</summary>
    public ulong Offset;

    /// <summary>How many bytes follow.</summary>
    public uint SizeInBytes;

    /// <summary>FUSE_WRITE_*.</summary>
    public WriteFlags WriteFlags;

    /// <summary>Owner of POSIX locks.</summary>
    public ulong LockOwner;

    /// <summary>O_* the file is open with.</summary>
    public uint Flags;

    /// <summary>Unused.</summary>
    public uint Padding;
}

/// <summary>struct fuse_write_out, of WRITE and COPY_FILE_RANGE.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct WriteOut
{
    /// <summary>Bytes stored.</summary>
    public uint SizeInBytes;

    /// <summary>Unused.</summary>
    public uint Padding;
}

/// <summary>struct fuse_fsync_in, of FSYNC and FSYNCDIR.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SynchronizeIn
{
    /// <summary>What OPEN returned.</summary>
    public ulong Handle;

    /// <summary>FUSE_FSYNC_FDATASYNC: contents only.</summary>
    public SynchronizeFlags Flags;

    /// <summary>Unused.</summary>
    public uint Padding;
}

/// <summary>struct fuse_fallocate_in.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct AllocateIn
{
    /// <summary>What OPEN returned.</summary>
    public ulong Handle;

    /// <summary>Start of the range, in bytes.</summary>
    public ulong Offset;

    /// <summary>Length of the range, in bytes.</summary>
    public ulong LengthInBytes;

    /// <summary>FALLOC_FL_* of fallocate(2).</summary>
    public AllocateMode Mode;

    /// <summary>Unused.</summary>
    public uint Padding;
}

/// <summary>struct fuse_lseek_in.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SeekIn
{
    /// <summary>What OPEN returned.</summary>
    public ulong Handle;

    /// <summary>Where to begin, in bytes.</summary>
    public ulong Offset;

    /// <summary>SEEK_DATA (3) or SEEK_HOLE (4) of lseek(2); the kernel does the others itself.</summary>
    public uint Whence;

    /// <summary>Unused.</summary>
    public uint Padding;
}

/// <summary>struct fuse_lseek_out.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SeekOut
{
    /// <summary>Where data or a hole begins, in bytes.</summary>
    public ulong Offset;
}

/// <summary>struct fuse_copy_file_range_in.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CopyFileRangeIn
{
    /// <summary>The open file to copy from; its inode is the header's.</summary>
    public ulong SourceHandle;

    /// <summary>Where to copy from, in bytes.</summary>
    public ulong SourceOffset;

    /// <summary>The inode to copy to.</summary>
    public NodeId Destination;

    /// <summary>The open file to copy to.</summary>
    public ulong DestinationHandle;

    /// <summary>Where to copy to, in bytes.</summary>
    public ulong DestinationOffset;

    /// <summary>How much, in bytes.</summary>
    public ulong LengthInBytes;

    /// <summary>Zero.</summary>
    public ulong Flags;
}

/// <summary>struct fuse_copy_file_range_out, of COPY_FILE_RANGE_64 (7.45).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CopyFileRangeOut
{
    /// <summary>Bytes copied.</summary>
    public ulong LengthInBytes;
}

/// <summary>struct fuse_ioctl_in; the input follows.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoctlIn
{
    /// <summary>What OPEN returned.</summary>
    public ulong Handle;

    /// <summary>FUSE_IOCTL_*.</summary>
    public IoctlFlags Flags;

    /// <summary>The request number.</summary>
    public uint Command;

    /// <summary>The caller's argument; an address of the caller's, not to be followed.</summary>
    public ulong Argument;

    /// <summary>Bytes of input that follow.</summary>
    public uint InputSizeInBytes;

    /// <summary>The most bytes of output.</summary>
    public uint OutputSizeInBytes;
}

/// <summary>struct fuse_ioctl_out; the output follows.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IoctlOut
{
    /// <summary>What ioctl(2) returns.</summary>
    public int Result;

    /// <summary>FUSE_IOCTL_RETRY; never, for requests are restricted.</summary>
    public IoctlFlags Flags;

    /// <summary>Zero.</summary>
    public uint InputVectors;

    /// <summary>Zero.</summary>
    public uint OutputVectors;
}
