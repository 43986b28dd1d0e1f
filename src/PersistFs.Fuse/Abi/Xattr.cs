using System.Runtime.InteropServices;

namespace PersistFs.Fuse.Abi;

/// <summary>
/// struct fuse_setxattr_in; name and value follow. Without SetXattrExtended only its first 8 bytes are sent.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct SetXattrIn
{
    /// <summary>Bytes of value.</summary>
    public uint SizeInBytes;

    /// <summary>XATTR_CREATE (1) or XATTR_REPLACE (2) of setxattr(2).</summary>
    public uint Flags;

    /// <summary>FUSE_SETXATTR_* (7.33).</summary>
    public SetXattrFlags SetXattrFlags;

    /// <summary>Unused.</summary>
    public uint Padding;

    /// <summary>FUSE_COMPAT_SETXATTR_IN_SIZE.</summary>
    public const int ShortSizeInBytes = 8;
}

/// <summary>struct fuse_getxattr_in, of GETXATTR (the name follows) and LISTXATTR.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GetXattrIn
{
    /// <summary>The most bytes of answer; 0 asks how long it is.</summary>
    public uint SizeInBytes;

    /// <summary>Unused.</summary>
    public uint Padding;
}

/// <summary>struct fuse_getxattr_out: how long the answer is, when that was asked.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct GetXattrOut
{
    /// <summary>Bytes.</summary>
    public uint SizeInBytes;

    /// <summary>Unused.</summary>
    public uint Padding;
}
