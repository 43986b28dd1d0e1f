using System.Runtime.InteropServices;

namespace PersistFs.Fuse.Abi;

/// <summary>struct fuse_statfs_out: what statfs(2) tells.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct StatFsOut
{
    /// <summary>f_blocks, in fragments.</summary>
    public ulong Blocks;

    /// <summary>f_bfree, in fragments.</summary>
    public ulong BlocksFree;

    /// <summary>f_bavail, in fragments: what an unprivileged caller may still take.</summary>
    public ulong BlocksAvailable;

    /// <summary>f_files: how many inodes there can be.</summary>
    public ulong Files;

    /// <summary>f_ffree: how many more there can be.</summary>
    public ulong FilesFree;

    /// <summary>f_bsize, in bytes.</summary>
    public uint BlockSizeInBytes;

    /// <summary>f_namelen, in bytes.</summary>
    public uint NameLengthMax;

    /// <summary>f_frsize, in bytes.</summary>
    public uint FragmentSizeInBytes;

    /// <summary>Unused.</summary>
    public uint Padding;

    /// <summary>Zero.</summary>
    public fixed uint Spare[6];
}
