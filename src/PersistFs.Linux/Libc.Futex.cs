using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>Sleeping on a word of memory (futex(2)), without a lock and without garbage.</summary>
public static unsafe partial class Libc
{
    private const nint FutexCall = 202;
    private const int FutexWaitPrivate = 128;
    private const int FutexWakePrivate = 129;
    private const long NanosecondsPerMillisecond = 1_000_000;

    /// <summary>Sleeps while <paramref name="word"/> is <paramref name="expected"/>, until it is woken.</summary>
    /// <param name="word">A word that does not move: of pinned or unmanaged memory.</param>
    /// <param name="expected">With any other value there the call returns at once.</param>
    /// <param name="timeoutInMilliseconds">How long at most; negative for any time.</param>
    /// <returns>OK or EAGAIN: look again; EINTR: a signal came; ETIMEDOUT.</returns>
    internal static Errno WaitOnWord(int* word, int expected, int timeoutInMilliseconds = -1)
    {
        long* time = stackalloc long[2];
        time[0] = timeoutInMilliseconds / 1000;
        time[1] = timeoutInMilliseconds % 1000 * NanosecondsPerMillisecond;
        return Result(FutexCore(FutexCall, word, FutexWaitPrivate, expected, timeoutInMilliseconds < 0 ? null : time));
    }

    /// <summary>Wakes up to <paramref name="count"/> threads that sleep on <paramref name="word"/>.</summary>
    internal static void WakeWord(int* word, int count) =>
        _ = FutexCore(FutexCall, word, FutexWakePrivate, count, null);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint FutexCore(nint call, int* word, nint operation, nint value, long* time);
}
