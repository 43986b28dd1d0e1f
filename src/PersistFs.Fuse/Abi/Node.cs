using System.Runtime.InteropServices;

namespace PersistFs.Fuse.Abi;

/// <summary>struct fuse_attr: what stat(2) tells of a file.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct NodeAttributes
{
    /// <summary>st_ino; the same as the nodeid where nodeids outlive a mount.</summary>
    public ulong InodeNumber;

    /// <summary>st_size.</summary>
    public ulong SizeInBytes;

    /// <summary>st_blocks, in units of 512 bytes whatever the block size.</summary>
    public ulong Blocks512;

    /// <summary>Last access, in seconds since 1970; a signed number on an unsigned field.</summary>
    public ulong AccessSeconds;

    /// <summary>Last change of contents, in seconds since 1970.</summary>
    public ulong ModifySeconds;

    /// <summary>Last change of contents or attributes, in seconds since 1970.</summary>
    public ulong ChangeSeconds;

    /// <summary>0 to 999,999,999.</summary>
    public uint AccessNanoseconds;

    /// <summary>0 to 999,999,999.</summary>
    public uint ModifyNanoseconds;

    /// <summary>0 to 999,999,999.</summary>
    public uint ChangeNanoseconds;

    /// <summary>st_mode: type and permission bits.</summary>
    public uint Mode;

    /// <summary>st_nlink.</summary>
    public uint LinkCount;

    /// <summary>st_uid.</summary>
    public uint UserId;

    /// <summary>st_gid.</summary>
    public uint GroupId;

    /// <summary>st_rdev in the kernel's 32-bit form: minor bits 0-7 and 20-31, major bits 8-19.</summary>
    public uint Device;

    /// <summary>st_blksize, in bytes.</summary>
    public uint BlockSizeInBytes;

    /// <summary>FUSE_ATTR_*; 0.</summary>
    public uint Flags;
}

/// <summary>
/// struct fuse_entry_out: an inode that a name leads to. A reply with one adds 1 to its lookup count.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct EntryOut
{
    /// <summary>The inode; None in a reply to LOOKUP says that the name does not exist.</summary>
    public NodeId NodeId;

    /// <summary>Tells apart inodes that had the same nodeid one after the other.</summary>
    public ulong Generation;

    /// <summary>How long the name leads here, in seconds.</summary>
    public ulong EntryValidSeconds;

    /// <summary>How long the attributes hold, in seconds.</summary>
    public ulong AttributesValidSeconds;

    /// <summary>And so many nanoseconds.</summary>
    public uint EntryValidNanoseconds;

    /// <summary>And so many nanoseconds.</summary>
    public uint AttributesValidNanoseconds;

    /// <summary>The inode's attributes.</summary>
    public NodeAttributes Attributes;
}

/// <summary>struct fuse_attr_out: reply to GETATTR and SETATTR.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct AttributesOut
{
    /// <summary>How long the attributes hold, in seconds.</summary>
    public ulong ValidSeconds;

    /// <summary>And so many nanoseconds.</summary>
    public uint ValidNanoseconds;

    /// <summary>Unused.</summary>
    public uint Padding;

    /// <summary>The inode's attributes.</summary>
    public NodeAttributes Attributes;
}

/// <summary>struct fuse_forget_in.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ForgetIn
{
    /// <summary>By how much the lookup count of the header's inode falls.</summary>
    public ulong LookupCount;
}

/// <summary>struct fuse_forget_one: one inode of BATCH_FORGET.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ForgetOne
{
    /// <summary>The inode.</summary>
    public NodeId NodeId;

    /// <summary>By how much its lookup count falls.</summary>
    public ulong LookupCount;
}

/// <summary>struct fuse_batch_forget_in; so many <see cref="ForgetOne"/> follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct BatchForgetIn
{
    /// <summary>How many follow.</summary>
    public uint Count;

    /// <summary>Unused.</summary>
    public uint Padding;
}

/// <summary>struct fuse_getattr_in.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GetAttributesIn
{
    /// <summary>FUSE_GETATTR_FH says that the handle is valid.</summary>
    public uint Flags;

    /// <summary>Unused.</summary>
    public uint Padding;

    /// <summary>The open file through which fstat(2) asks.</summary>
    public ulong Handle;
}

/// <summary>struct fuse_setattr_in: chmod(2), chown(2), truncate(2), utimensat(2) in one.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetAttributesIn
{
    /// <summary>Which of the fields below are meant.</summary>
    public SetAttributesFlags Valid;

    /// <summary>Unused.</summary>
    public uint Padding;

    /// <summary>The open file through which ftruncate(2) or fchmod(2) asks.</summary>
    public ulong Handle;

    /// <summary>The new size, in bytes.</summary>
    public ulong SizeInBytes;

    /// <summary>Owner of POSIX locks.</summary>
    public ulong LockOwner;

    /// <summary>Last access, in seconds since 1970.</summary>
    public ulong AccessSeconds;

    /// <summary>Last change of contents, in seconds since 1970.</summary>
    public ulong ModifySeconds;

    /// <summary>Last change, in seconds since 1970; the kernel sends it with write-back cache only.</summary>
    public ulong ChangeSeconds;

    /// <summary>0 to 999,999,999, unless hostile.</summary>
    public uint AccessNanoseconds;

    /// <summary>0 to 999,999,999, unless hostile.</summary>
    public uint ModifyNanoseconds;

    /// <summary>0 to 999,999,999, unless hostile.</summary>
    public uint ChangeNanoseconds;

    /// <summary>The new mode, its type bits those the file has.</summary>
    public uint Mode;

    /// <summary>Unused.</summary>
    public uint Padding4;

    /// <summary>The new owner.</summary>
    public uint UserId;

    /// <summary>The new group.</summary>
    public uint GroupId;

    /// <summary>Unused.</summary>
    public uint Padding5;
}

/// <summary>struct fuse_mknod_in; the name follows.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MakeNodeIn
{
    /// <summary>Type and permission bits.</summary>
    public uint Mode;

    /// <summary>Device number of a device file, in the kernel's 32-bit form.</summary>
    public uint Device;

    /// <summary>The caller's umask, applied already unless DontMask was chosen.</summary>
    public uint Umask;

    /// <summary>Unused.</summary>
    public uint Padding;
}

/// <summary>struct fuse_mkdir_in; the name follows.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MakeDirectoryIn
{
    /// <summary>Permission bits.</summary>
    public uint Mode;

    /// <summary>The caller's umask, applied already unless DontMask was chosen.</summary>
    public uint Umask;
}

/// <summary>struct fuse_rename_in; the old name and the new follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct RenameIn
{
    /// <summary>Where the new name is to be.</summary>
    public NodeId NewParent;
}

/// <summary>struct fuse_rename2_in; the old name and the new follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Rename2In
{
    /// <summary>Where the new name is to be.</summary>
    public NodeId NewParent;

    /// <summary>RENAME_* of renameat2(2).</summary>
    public RenameFlags Flags;

    /// <summary>Unused.</summary>
    public uint Padding;
}

/// <summary>struct fuse_link_in; the new name follows.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LinkIn
{
    /// <summary>The inode that gets one more name.</summary>
    public NodeId Target;
}

/// <summary>struct fuse_access_in.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct AccessIn
{
    /// <summary>R_OK, W_OK and X_OK of access(2).</summary>
    public uint Mask;

    /// <summary>Unused.</summary>
    public uint Padding;
}
