using System.Buffers.Binary;

namespace PersistFs.Linux;

/// <summary>
/// A demand on the kernel that idle processors stay ready to run, while it stands: /dev/cpu_dma_latency
/// (Documentation/power/pm_qos_interface.rst). It ends with the process at the latest.
/// </summary>
/// <remarks>
/// An idle processor that has gone to sleep needs tens of microseconds to run a thread again, in a virtual machine most
/// of all, for there it has to be scheduled by the host. While the demand stands it turns in place instead.
/// </remarks>
public sealed class CpuLatencyRequest
{
    private const string Device = "/dev/cpu_dma_latency";

    /// <summary>PM_QOS_CPU_LATENCY_DEFAULT_VALUE: no demand.</summary>
    private const int AnyMicroseconds = 2_000_000_000;

    private readonly int descriptor;

    private CpuLatencyRequest(int descriptor) => this.descriptor = descriptor;

    /// <summary>Opens the device; nothing is demanded yet.</summary>
    /// <returns>Null where there is none, or this user may not have it.</returns>
    public static CpuLatencyRequest? TryOpen() =>
        Libc.Open(Device, OpenFlags.WriteOnly | OpenFlags.CloseOnExec, 0, out int descriptor) == Errno.OK
            ? new CpuLatencyRequest(descriptor)
            : null;

    /// <summary>Demands it, or takes the demand back. A system call of some microseconds.</summary>
    public void Set(bool staysReady)
    {
        Span<byte> value = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(value, staysReady ? 0 : AnyMicroseconds);
        _ = Libc.Write(descriptor, value, out _);
    }

    /// <summary>Takes the demand back, for good. No thread may be in <see cref="Set"/>.</summary>
    public void Close() => _ = Libc.Close(descriptor);
}
