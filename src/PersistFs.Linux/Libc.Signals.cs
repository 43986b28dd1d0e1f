using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>Signals as something to read, for a loop that waits for other things too.</summary>
public static unsafe partial class Libc
{
    /// <summary>Bit n - 1 stands for signal n in a set of signals.</summary>
    public static ulong SignalSetOf(params ReadOnlySpan<int> signals)
    {
        ulong set = 0;
        foreach (int signal in signals) set |= 1UL << (signal - 1);
        return set;
    }

    /// <summary>
    /// pthread_sigmask(3): keeps <paramref name="signals"/> waiting in this thread and those it starts.
    /// </summary>
    /// <remarks>
    /// Threads of the runtime are there already: a program whose signals are to be read is started with them blocked.
    /// </remarks>
    public static Errno BlockSignals(ulong signals)
    {
        ulong* set = stackalloc ulong[SignalSetWords];
        FillSignalSet(set, signals);
        return (Errno)BlockSignalsCore(SignalBlock, set, null);
    }

    /// <summary>
    /// signalfd(2), close-on-exec: readable while one of <paramref name="signals"/>, which are blocked, waits.
    /// </summary>
    public static Errno OpenSignals(ulong signals, out int descriptor)
    {
        ulong* set = stackalloc ulong[SignalSetWords];
        FillSignalSet(set, signals);
        return Result(descriptor = SignalDescriptorCore(-1, set, (int)OpenFlags.CloseOnExec));
    }

    /// <summary>Takes one signal from what <see cref="OpenSignals"/> opened; waits where there is none.</summary>
    public static Errno ReadSignal(int descriptor, out int signal)
    {
        // struct signalfd_siginfo has 128 bytes and begins with ssi_signo.
        Span<byte> information = stackalloc byte[128];
        information.Clear();
        Errno error = Read(descriptor, information, out _);
        signal = MemoryMarshal.Read<int>(information);
        return error;
    }

    /// <summary>Words of 64 bits in the C library's sigset_t.</summary>
    private const int SignalSetWords = 16;

    private const int SignalBlock = 0;

    private static void FillSignalSet(ulong* set, ulong signals)
    {
        new Span<ulong>(set, SignalSetWords).Clear();
        *set = signals;
    }

    [LibraryImport("libc", EntryPoint = "pthread_sigmask")]
    private static partial int BlockSignalsCore(int how, ulong* set, ulong* old);

    [LibraryImport("libc", EntryPoint = "signalfd", SetLastError = true)]
    private static partial int SignalDescriptorCore(int descriptor, ulong* set, int flags);
}
