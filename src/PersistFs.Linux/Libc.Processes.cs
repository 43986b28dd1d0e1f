using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>Starting, watching and ending processes, and the pipes between them.</summary>
public static unsafe partial class Libc
{
    /// <summary>SIGINT of signal(7): what a terminal sends for Ctrl-C.</summary>
    public const int InterruptSignal = 2;

    /// <summary>SIGKILL of signal(7): ends a process, whatever it does.</summary>
    public const int KillSignal = 9;

    /// <summary>SIGUSR2 of signal(7): for whatever a program takes it for.</summary>
    public const int UserSignal2 = 12;

    /// <summary>SIGTERM of signal(7): asks a process to end.</summary>
    public const int TerminateSignal = 15;

    /// <summary>pipe2(2), close-on-exec at both ends.</summary>
    public static Errno Pipe(out int readEnd, out int writeEnd)
    {
        int* pair = stackalloc int[2];
        Errno error = Result(PipeCore(pair, (int)OpenFlags.CloseOnExec));
        (readEnd, writeEnd) = error == Errno.OK ? (pair[0], pair[1]) : (-1, -1);
        return error;
    }

    /// <summary>
    /// Marks every descriptor from <paramref name="first"/> on close-on-exec (close_range(2), Linux 5.11), also those
    /// this process inherited.
    /// </summary>
    public static Errno CloseOnExecFrom(int first) =>
        Result(CloseRangeCore((uint)first, uint.MaxValue, CloseRangeOnExec));

    /// <summary>waitpid(2): waits until a child has ended.</summary>
    /// <param name="processId">The child.</param>
    /// <param name="exitCode">Its exit code, or 128 and the number of the signal that ended it.</param>
    public static Errno WaitForExit(int processId, out int exitCode)
    {
        int status = 0;
        Errno error;
        do
        {
            error = Result(WaitCore(processId, &status, 0));
        }
        while (error == Errno.EINTR);
        exitCode = ToExitCode(status);
        return error;
    }

    /// <summary>waitpid(2) with WNOHANG: whether a child has ended, without waiting for it.</summary>
    /// <param name="processId">The child.</param>
    /// <param name="hasEnded">True once, in the first call after the end.</param>
    /// <param name="exitCode">As of <see cref="WaitForExit"/>.</param>
    public static Errno TryWaitForExit(int processId, out bool hasEnded, out int exitCode)
    {
        int status = 0;
        int ended = WaitCore(processId, &status, WaitNoHang);
        hasEnded = ended == processId;
        exitCode = ToExitCode(status);
        return Result(ended);
    }

    /// <summary>kill(2). Signal 0 only asks whether the process is there.</summary>
    public static Errno SendSignal(int processId, int signal) => Result(SendSignalCore(processId, signal));

    /// <summary>getppid(2): the process that started this one, or adopted it when that one ended.</summary>
    public static int ParentProcessId() => ParentCore();

    /// <summary>_exit(2): ends the process here and now; nothing registered for its end is run.</summary>
    public static void ExitNow(int exitCode) => ExitCore(exitCode);

    /// <summary>
    /// pidfd_open(2): a descriptor that becomes readable when the process ends; ESRCH when there is none.
    /// </summary>
    public static Errno OpenProcess(int processId, out int descriptor) =>
        Result(descriptor = (int)SystemCall(ProcessOpenNumber, processId, 0, 0));

    /// <summary>How a process has ended that was another one's child (ioctl PIDFD_GET_INFO, Linux 6.15).</summary>
    /// <param name="descriptor">Of <see cref="OpenProcess"/>, in whichever process.</param>
    /// <param name="exitCode">As of <see cref="WaitForExit"/>.</param>
    /// <returns>
    /// EAGAIN while it runs or has not been waited for; ENOTTY or EINVAL where the kernel does not tell.
    /// </returns>
    public static Errno GetExit(int descriptor, out int exitCode)
    {
        ProcessInformation information = new() { Mask = ProcessInformation.HasExit };
        Errno error = DeviceControl(descriptor, ProcessInformation.Request, (nint)(&information), out _);
        exitCode = ToExitCode(information.ExitStatus);
        bool isKnown = (information.Mask & ProcessInformation.HasExit) != 0;
        return error == Errno.OK && !isKnown ? Errno.EAGAIN : error;
    }

    /// <summary>
    /// set_mempolicy(2): where memory that this thread, and threads it starts, first touch comes from.
    /// </summary>
    /// <param name="mode">
    /// MPOL_DEFAULT 0, PREFERRED 1, BIND 2, INTERLEAVE 3, LOCAL 4, with the flags of numaif.h.
    /// </param>
    /// <param name="nodes">Bit n of word n / 64 stands for node n; empty where the mode takes none.</param>
    public static Errno SetMemoryPolicy(int mode, ReadOnlySpan<ulong> nodes)
    {
        fixed (ulong* mask = nodes)
        {
            // The kernel takes one bit less than it is told.
            nint bits = nodes.IsEmpty ? 0 : (nodes.Length * 64) + 1;
            return Result(SystemCall(SetMemoryPolicyNumber, mode, (nint)mask, bits));
        }
    }

    /// <summary>umask(2): permission bits that files this process makes never have.</summary>
    public static void SetFileModeMask(uint mask) => _ = FileModeMaskCore(mask);

    private const int CloseRangeOnExec = 4;
    private const int WaitNoHang = 1;
    private const int SetMemoryPolicyNumber = 238;
    private const int ProcessOpenNumber = 434;

    private static int ToExitCode(int status)
    {
        int signal = status & 0x7F;
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal;
    }

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static partial int PipeCore(int* pair, int flags);

    [LibraryImport("libc", EntryPoint = "close_range", SetLastError = true)]
    private static partial int CloseRangeCore(uint first, uint last, int flags);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitCore(int processId, int* status, int options);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignalCore(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "getppid")]
    private static partial int ParentCore();

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitCore(int exitCode);

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint FileModeMaskCore(uint mask);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second, nint third);
}
