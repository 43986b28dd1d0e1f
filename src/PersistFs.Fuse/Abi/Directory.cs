using System.Runtime.InteropServices;

namespace PersistFs.Fuse.Abi;

/// <summary>struct fuse_dirent; the name follows, then zeros up to a multiple of 8 bytes.</summary>
/// <remarks>In a READDIRPLUS reply a struct fuse_entry_out comes first (struct fuse_direntplus).</remarks>
[StructLayout(LayoutKind.Sequential)]
public struct DirectoryEntry
{
    /// <summary>d_ino.</summary>
    public ulong InodeNumber;

    /// <summary>d_off: the cookie with which reading goes on behind this entry.</summary>
    public ulong NextCookie;

    /// <summary>Bytes of name, without a terminating NUL.</summary>
    public uint NameLength;

    /// <summary>d_type: the file's type bits, shifted down by 12.</summary>
    public uint Type;
}
