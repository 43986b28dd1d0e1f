using System.Runtime.InteropServices;

namespace PersistFs.Fuse.Abi;

/// <summary>enum fuse_notify_code: what a message that answers no request tells the kernel.</summary>
public enum NotifyCode
{
    Poll = 1,
    InvalidateInode = 2,
    InvalidateEntry = 3,
    Store = 4,
    Retrieve = 5,
    Delete = 6,
    Resend = 7,
    IncrementEpoch = 8,
    Prune = 9,
}

/// <summary>struct fuse_notify_inval_inode_out.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct InvalidateInodeOut
{
    /// <summary>The inode whose attributes no longer hold.</summary>
    public NodeId NodeId;

    /// <summary>First byte of the cached pages that no longer hold; negative for none.</summary>
    public long Offset;

    /// <summary>How many bytes; 0 or less means to the end.</summary>
    public long LengthInBytes;
}

/// <summary>struct fuse_notify_inval_entry_out; the name and a NUL follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct InvalidateEntryOut
{
    /// <summary>The directory.</summary>
    public NodeId Parent;

    /// <summary>Bytes of name, without the NUL.</summary>
    public uint NameLength;

    /// <summary>FUSE_EXPIRE_ONLY (1): ask again, but keep what is open or mounted below (7.38).</summary>
    public uint Flags;
}

/// <summary>struct fuse_notify_delete_out; the name and a NUL follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DeleteOut
{
    /// <summary>The directory.</summary>
    public NodeId Parent;

    /// <summary>The inode that lost its name.</summary>
    public NodeId Child;

    /// <summary>Bytes of name, without the NUL.</summary>
    public uint NameLength;

    /// <summary>Unused.</summary>
    public uint Padding;
}

/// <summary>struct fuse_notify_prune_out (7.45); so many nodeids follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PruneOut
{
    /// <summary>How many follow.</summary>
    public uint Count;

    /// <summary>Unused.</summary>
    public uint Padding;

    /// <summary>Zero.</summary>
    public ulong Spare;
}
