using System.Runtime.InteropServices;

namespace PersistFs.Fuse.Abi;

/// <summary>
/// struct fuse_init_in: the first request of a connection. Kernels before 7.36 send its first 16 bytes.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct InitIn
{
    /// <summary>Protocol version; 7.</summary>
    public uint Major;

    /// <summary>Protocol revision of the kernel.</summary>
    public uint Minor;

    /// <summary>The most the kernel would read ahead, in bytes.</summary>
    public uint MaxReadaheadInBytes;

    /// <summary>Bits 0 to 31 of <see cref="InitFlags"/>.</summary>
    public uint Flags;

    /// <summary>Bits 32 to 63 of <see cref="InitFlags"/>; valid with InitExtended.</summary>
    public uint Flags2;

    /// <summary>Zero.</summary>
    public fixed uint Unused[11];

    /// <summary>Bytes that every kernel sends.</summary>
    public const int ShortSizeInBytes = 16;
}

/// <summary>struct fuse_init_out: what the connection is to be like.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct InitOut
{
    /// <summary>Protocol version; 7.</summary>
    public uint Major;

    /// <summary>Protocol revision both sides speak from now on.</summary>
    public uint Minor;

    /// <summary>The most to read ahead, in bytes.</summary>
    public uint MaxReadaheadInBytes;

    /// <summary>Bits 0 to 31 of what is chosen.</summary>
    public uint Flags;

    /// <summary>How many background requests (read-ahead, write-back) may be under way at once.</summary>
    public ushort MaxBackground;

    /// <summary>From how many of those on the kernel calls the filesystem congested.</summary>
    public ushort CongestionThreshold;

    /// <summary>The most bytes in one WRITE.</summary>
    public uint MaxWriteInBytes;

    /// <summary>Granularity of time stamps, in nanoseconds.</summary>
    public uint TimeGranularityInNanoseconds;

    /// <summary>The most pages in one request; valid with MaxPages.</summary>
    public ushort MaxPages;

    /// <summary>Base-2 logarithm of DAX alignment; unused.</summary>
    public ushort MapAlignment;

    /// <summary>Bits 32 to 63 of what is chosen.</summary>
    public uint Flags2;

    /// <summary>How many filesystems may be stacked, with Passthrough.</summary>
    public uint MaxStackDepth;

    /// <summary>Seconds after which the kernel ends the connection over an unanswered request; 0 is never.</summary>
    public ushort RequestTimeoutInSeconds;

    /// <summary>Zero.</summary>
    public fixed ushort Unused[11];
}
