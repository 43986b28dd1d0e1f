using System.Runtime.InteropServices;

namespace PersistFs.Fuse.Abi;

/// <summary>struct fuse_interrupt_in: a caller wants to wait no longer.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct InterruptIn
{
    /// <summary>The number of the request it waits for.</summary>
    public ulong Unique;
}
