using PersistFs.Linux;

namespace PersistFs.Server.Descriptors;

/// <summary>Whether a server's end was its own doing, or that of a request, or came from outside.</summary>
internal static class ServerEnd
{
    /// <summary>In <see cref="DescriptorStore.EndVariable"/>: from outside.</summary>
    public const string Killed = "killed";

    /// <summary>In <see cref="DescriptorStore.EndVariable"/>: not from outside.</summary>
    public const string Crashed = "crashed";

    /// <summary>Codes above this are signals.</summary>
    private const int SignalBase = 128;

    /// <summary>
    /// Signals that a process brings upon itself: SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS. A bug that
    /// was noticed ends in SIGABRT.
    /// </summary>
    private static readonly ulong OwnSignals = Libc.SignalSetOf(4, 5, 6, 7, 8, 11, 31);

    /// <summary>Whether a signal from outside has ended it.</summary>
    /// <param name="exitCode">The exit code, or 128 and the number of a signal.</param>
    public static bool IsFromOutside(int exitCode)
    {
        int signal = exitCode - SignalBase;
        return signal is > 0 and <= 64 && (OwnSignals & Libc.SignalSetOf(signal)) == 0;
    }

    /// <summary>The word for it.</summary>
    public static string WordOf(int exitCode) => IsFromOutside(exitCode) ? Killed : Crashed;
}
