using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>The kernel's clocks (clock_gettime(2)).</summary>
public static partial class Libc
{
    private const int ClockRealtimeCoarse = 5;
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>
    /// Nanoseconds since 1970 by CLOCK_REALTIME_COARSE, the clock the kernel itself stamps files with.
    /// </summary>
    public static unsafe long FileTimeNow()
    {
        long* time = stackalloc long[2];
        _ = ClockCore(ClockRealtimeCoarse, time);
        return time[0] * NanosecondsPerSecond + time[1];
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [SuppressGCTransition]
    private static unsafe partial int ClockCore(int clock, long* time);
}
