using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>struct pidfd_info of linux/pidfd.h, of which only the exit is asked for.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct ProcessInformation
{
    /// <summary>PIDFD_GET_INFO: _IOWR(0xFF, 11, 64 bytes).</summary>
    public const uint Request = 0xC040FF0B;

    /// <summary>PIDFD_INFO_EXIT.</summary>
    public const ulong HasExit = 1 << 3;

    /// <summary>What is asked for; then what was told.</summary>
    [FieldOffset(0)] public ulong Mask;

    /// <summary>As waitpid(2) gives it.</summary>
    [FieldOffset(60)] public int ExitStatus;
}
