using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>struct msghdr of sendmsg(2) and recvmsg(2), as 64-bit machines have it (56 bytes).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHeader
{
    /// <summary>msg_name: the peer's address, or null where the socket is connected.</summary>
    public byte* Name;

    /// <summary>msg_namelen, in bytes.</summary>
    public uint NameLength;

    /// <summary>msg_iov.</summary>
    public IoVector* Vectors;

    /// <summary>msg_iovlen: how many vectors.</summary>
    public nuint VectorCount;

    /// <summary>msg_control: ancillary data.</summary>
    public byte* Control;

    /// <summary>msg_controllen, in bytes; recvmsg stores what it used.</summary>
    public nuint ControlLength;

    /// <summary>msg_flags, set by recvmsg: MSG_TRUNC, MSG_CTRUNC.</summary>
    public int Flags;
}
