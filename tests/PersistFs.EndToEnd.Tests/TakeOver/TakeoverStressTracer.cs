using System.Diagnostics;
using System.Globalization;

namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>Kills a server at a chosen instruction of a request, as a debugger would (ptrace(2)).</summary>
/// <remarks>By chance a kill hardly ever meets the moment between a change and its reply: a microsecond.</remarks>
internal sealed class TakeoverStressTracer
{
    private const long Peek = 3, Step = 9, ToNextSystemCall = 24;
    private const long Seize = 0x4206, Interrupt = 0x4207, CallInfo = 0x420e;
    private const int MarksSystemCalls = 1, AllThreads = 0x40000000, Trap = 5, TrapOfSystemCall = 0x85;
    private const int OfNumber = 15 * 8, ReadNumber = 0, SystemCallsMax = 200, InfoLength = 88;
    private const int NoHang = 1;
    private const byte IsExit = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    private readonly int server;
    private readonly int thread;
    private int signal;
    private bool isThere = true;

    /// <param name="server">The process.</param>
    /// <param name="thread">Its thread that is stopped and watched.</param>
    private TakeoverStressTracer(int server, int thread)
    {
        this.server = server;
        this.thread = thread;
    }

    /// <summary>Kills <paramref name="server"/> in one of its workers.</summary>
    /// <param name="server">The process.</param>
    /// <param name="worker">Which worker: any number, taken modulo how many there are.</param>
    /// <param name="instructions">How many instructions after read(2) of a request.</param>
    public static void Kill(int server, int worker, int instructions)
    {
        int[] workers = [.. Directory.EnumerateDirectories($"/proc/{server}/task").Where(IsWorker)
            .Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))];
        if (workers.Length == 0) Succeeds(Syscall.kill(server, Signum.SIGKILL));
        else new TakeoverStressTracer(server, workers[worker % workers.Length]).Kill(instructions);
    }

    /// <summary>Whether a thread is called fuse- and a number; the one that watches workers is not one.</summary>
    private static bool IsWorker(string task)
    {
        string name = File.ReadAllText(task + "/comm").Trim();
        return name.StartsWith("fuse-", StringComparison.Ordinal) && char.IsAsciiDigit(name[^1]);
    }

    private void Kill(int instructions)
    {
        Stop();
        bool hasRequest = TryAwaitRequest(Patience);
        for (int i = 0; i < instructions && hasRequest && isThere; i++) Continue(Step);
        End();
    }

    private void End()
    {
        Succeeds(Syscall.kill(server, Signum.SIGKILL));
        // The process is not gone for its parent before its tracer knows of it.
        while (isThere) Await();
    }

    private void Stop()
    {
        Succeeds(Kernel.Trace(Seize, thread, 0, MarksSystemCalls));
        Succeeds(Kernel.Trace(Interrupt, thread, 0, 0));
        Await();
    }

    /// <summary>Returns with the thread stopped after a request was read, or running where it reads none.</summary>
    private bool TryAwaitRequest(TimeSpan patience)
    {
        Stopwatch waited = Stopwatch.StartNew();
        for (int i = 0; i < SystemCallsMax && isThere; i++)
        {
            if (Kernel.Trace(ToNextSystemCall, thread, 0, signal) < 0) isThere = false;
            // A worker that is not needed sleeps, and makes no system call.
            while (isThere && !Await(NoHang))
            {
                if (waited.Elapsed > patience) return false;
                Thread.Yield();
            }

            if (isThere && HasReadRequest()) return true;
        }

        return false;
    }

    private void Continue(long request)
    {
        if (Kernel.Trace(request, thread, 0, signal) < 0) isThere = false;
        else Await();
    }

    /// <returns>Whether something has happened; always, without <see cref="NoHang"/>.</returns>
    private bool Await(int options = 0)
    {
        signal = 0;
        int waited = Kernel.WaitFor(thread, out int status, AllThreads | options);
        if (waited == 0) return false;
        bool isStopped = waited == thread && (status & 0xff) == 0x7f;
        if (!isStopped)
        {
            isThere = false;
            return true;
        }

        int stopped = status >> 8 & 0xff;
        // Anything but a trap is a signal on its way to the thread, and goes there.
        if (status >> 16 == 0 && stopped is not (Trap or TrapOfSystemCall)) signal = stopped;
        return true;
    }

    /// <summary>Whether the thread is at the end of a read(2) that has returned bytes.</summary>
    private unsafe bool HasReadRequest()
    {
        byte* info = stackalloc byte[InfoLength];
        if (Kernel.Trace(CallInfo, thread, InfoLength, (nint)info) < 0 || info[0] != IsExit) return false;
        long result = *(long*)(info + 24);
        return result > 0 && Kernel.Trace(Peek, thread, OfNumber, 0) == ReadNumber;
    }
}
