using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>struct pollfd of poll(2): a descriptor, the events asked for and those that came.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PollDescriptor(int descriptor, PollEvents requested)
{
    /// <summary>fd.</summary>
    public int Descriptor = descriptor;

    /// <summary>events.</summary>
    public PollEvents Requested = requested;

    /// <summary>revents, filled by the call.</summary>
    public PollEvents Returned;
}
