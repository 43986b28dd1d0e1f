using System.Runtime.InteropServices;

namespace PersistFs.Fuse.Abi;

/// <summary>struct fuse_in_header: how every request begins.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct InHeader
{
    /// <summary>Bytes of the whole request, this header included.</summary>
    public uint LengthInBytes;

    /// <summary>What is asked for.</summary>
    public Opcode Opcode;

    /// <summary>The request's number, to be echoed; <see cref="ResendBit"/> is set when it is sent again.</summary>
    public ulong Unique;

    /// <summary>The inode asked about.</summary>
    public NodeId NodeId;

    /// <summary>The caller's filesystem user id.</summary>
    public uint UserId;

    /// <summary>The caller's filesystem group id.</summary>
    public uint GroupId;

    /// <summary>The caller's process id; 0 when the kernel asks for itself, or from another pid namespace.</summary>
    public uint ProcessId;

    /// <summary>Length of the extensions that end the request, in units of 8 bytes (7.38).</summary>
    public ushort ExtensionLength8;

    /// <summary>Unused.</summary>
    public ushort Padding;

    /// <summary>FUSE_UNIQUE_RESEND (7.40): the request was read before and is sent again.</summary>
    public const ulong ResendBit = 1UL << 63;
}

/// <summary>struct fuse_out_header: how every reply and notification begins.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct OutHeader
{
    /// <summary>Bytes of the whole reply, this header included.</summary>
    public uint LengthInBytes;

    /// <summary>0 or a negated errno; in a notification its <see cref="NotifyCode"/>.</summary>
    public int Error;

    /// <summary>The request's number as it was read; 0 in a notification.</summary>
    public ulong Unique;
}

/// <summary>struct fuse_ext_header (7.38): how each extension of a request begins.</summary>
/// <remarks>Types up to 31 are security contexts, with their count in place of the type.</remarks>
[StructLayout(LayoutKind.Sequential)]
public struct ExtensionHeader
{
    /// <summary>Bytes of this extension, this header included; a multiple of 8.</summary>
    public uint LengthInBytes;

    /// <summary>enum fuse_ext_type.</summary>
    public uint Type;

    /// <summary>FUSE_EXT_GROUPS: struct fuse_supp_groups follows, a count and so many group ids.</summary>
    public const uint TypeGroups = 32;
}
