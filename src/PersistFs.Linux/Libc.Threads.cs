using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>Waking a thread that sleeps in a system call.</summary>
public static unsafe partial class Libc
{
    /// <summary>gettid(2): the calling thread's id, unique on the machine while it lives.</summary>
    public static int ThreadId() => ThreadIdCore();

    /// <summary>
    /// Makes <see cref="WakeThread"/> possible: from now on the wake signal ends a blocking call with EINTR and has
    /// no other effect.
    /// </summary>
    /// <remarks>
    /// The handler has to be code that may run at any instruction of any thread, which managed code may not. abs(3)
    /// has a handler's signature and does nothing.
    /// </remarks>
    public static Errno PrepareWakeSignal()
    {
        nint library = NativeLibrary.Load("libc.so.6");
        SignalAction action = new() { Handler = NativeLibrary.GetExport(library, "abs") };
        return Result(SignalActionCore(WakeSignal, &action, null));
    }

    /// <summary>tgkill(2) with the wake signal: a call the thread sleeps in returns EINTR.</summary>
    /// <remarks>A thread that is about to sleep misses it: a caller that waits for an effect sends it again.</remarks>
    /// <returns>ESRCH when the thread is no more.</returns>
    public static Errno WakeThread(int threadId) =>
        Result(SignalThreadCore(Environment.ProcessId, threadId, WakeSignal));

    /// <summary>A real-time signal that neither the C library nor .NET uses.</summary>
    private const int WakeSignal = 60;

    /// <summary>struct sigaction of the C library; an empty mask and no SA_RESTART.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct SignalAction
    {
        public nint Handler;
        public fixed ulong Mask[16];
        public int Flags;
        public nint Restorer;
    }

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int ThreadIdCore();

    [LibraryImport("libc", EntryPoint = "tgkill", SetLastError = true)]
    private static partial int SignalThreadCore(int processId, int threadId, int signal);

    [LibraryImport("libc", EntryPoint = "sigaction", SetLastError = true)]
    private static partial int SignalActionCore(int signal, SignalAction* action, SignalAction* old);
}
