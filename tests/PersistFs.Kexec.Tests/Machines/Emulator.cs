using System.Collections.Concurrent;
using System.Diagnostics;

namespace PersistFs.Kexec.Tests.Machines;

/// <summary>Starts QEMU so that it never outlives this process, however that ends.</summary>
/// <remarks>
/// The kernel kills a process whose parent's <em>thread</em> ends (PR_SET_PDEATHSIG). So one thread that lives as long
/// as this process starts them all, and each of the two that a start makes asks for that signal.
/// </remarks>
internal static class Emulator
{
    /// <summary>QEMU's program.</summary>
    public const string Program = "qemu-system-x86_64";

    /// <summary>Programs that a start needs, separated by blanks.</summary>
    public const string Tools = $"{Program} timeout setpriv";

    private const int LifeSeconds = 1500;

    private static readonly BlockingCollection<Action> Orders = [];

    static Emulator() => new Thread(Obey) { IsBackground = true, Name = "emulators" }.Start();

    /// <summary>Starts QEMU; it ends after 25 minutes, whatever becomes of the test.</summary>
    /// <param name="home">Its working directory.</param>
    /// <param name="arguments">Its arguments.</param>
    public static Process Start(string home, params IEnumerable<string> arguments)
    {
        string[] all =
        [
            "--pdeathsig", "KILL", "timeout", "--foreground", "-k", "5", $"{LifeSeconds}",
            "setpriv", "--pdeathsig", "KILL", Program, .. arguments,
        ];
        TaskCompletionSource<Process> started = new();
        Orders.Add(() =>
        {
            try
            {
                started.SetResult(Tool.Start(home, "setpriv", all));
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                started.SetException(exception);
            }
        });
        return started.Task.GetAwaiter().GetResult();
    }

    private static void Obey()
    {
        foreach (Action order in Orders.GetConsumingEnumerable()) order();
    }
}
