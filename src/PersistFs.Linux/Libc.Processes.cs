using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>Starting, watching and ending processes, and the pipes between them.</summary>
public static unsafe partial class Libc
{
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

    /// <summary>
    /// Starts a program in a session of its own, in the root directory and with default signal actions (posix_spawn(3)).
    /// </summary>
    /// <param name="path">The program's file.</param>
    /// <param name="arguments">Its arguments, the first of which is its name.</param>
    /// <param name="descriptors">
    /// Its descriptors 0, 1, 2 and so on, as this process numbers them; none below their count. It inherits all others
    /// that are not close-on-exec.
    /// </param>
    /// <param name="processId">The new process, a child that is to be awaited.</param>
    public static Errno SpawnDetached(
        string path, IReadOnlyList<string> arguments, ReadOnlySpan<int> descriptors, out int processId)
    {
        // The C library's structures are opaque; these are larger than any it had (80 and 336 bytes).
        byte* actions = stackalloc byte[512];
        byte* attributes = stackalloc byte[1024];
        nint[] argumentVector = ToVector(arguments);
        nint[] environmentVector = ToVector(EnvironmentStrings());
        processId = -1;
        int error = PrepareSpawn(actions, attributes, descriptors);
        if (error == 0)
        {
            fixed (nint* argv = argumentVector)
            fixed (nint* envp = environmentVector)
            {
                error = SpawnCore(out processId, path, actions, attributes, argv, envp);
            }
        }
        FreeVector(argumentVector);
        FreeVector(environmentVector);
        _ = SpawnAttributesDestroy(attributes);
        _ = SpawnActionsDestroy(actions);
        return (Errno)error;
    }

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
        int signal = status & 0x7F;
        exitCode = signal == 0 ? (status >> 8) & 0xFF : 128 + signal;
        return error;
    }

    /// <summary>kill(2). Signal 0 only asks whether the process is there.</summary>
    public static Errno SendSignal(int processId, int signal) => Result(SendSignalCore(processId, signal));

    /// <summary>
    /// pidfd_open(2): a descriptor that becomes readable when the process ends; ESRCH when there is none.
    /// </summary>
    public static Errno OpenProcess(int processId, out int descriptor) =>
        Result(descriptor = (int)SystemCall(ProcessOpenNumber, processId, 0, 0));

    /// <summary>set_mempolicy(2): where memory that this thread, and threads it starts, first touch comes from.</summary>
    /// <param name="mode">MPOL_DEFAULT 0, PREFERRED 1, BIND 2, INTERLEAVE 3, LOCAL 4, with the flags of numaif.h.</param>
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
    private const short SpawnSignalDefaults = 0x04;
    private const short SpawnSignalMask = 0x08;
    private const short SpawnNewSession = 0x80;
    private const int SignalSetWords = 16;
    private const int SetMemoryPolicyNumber = 238;
    private const int ProcessOpenNumber = 434;

    private static int PrepareSpawn(byte* actions, byte* attributes, ReadOnlySpan<int> descriptors)
    {
        ulong* signals = stackalloc ulong[SignalSetWords];
        Span<ulong> words = new(signals, SignalSetWords);
        int error = SpawnActionsInitialize(actions);
        if (error == 0) error = SpawnAttributesInitialize(attributes);
        words.Clear();
        if (error == 0) error = SpawnSetSignalMask(attributes, signals);
        words.Fill(ulong.MaxValue);
        if (error == 0) error = SpawnSetDefaultSignals(attributes, signals);
        if (error == 0) error = SpawnSetFlags(attributes, SpawnNewSession | SpawnSignalMask | SpawnSignalDefaults);
        if (error == 0) error = SpawnAddDirectory(actions, "/");
        for (int i = 0; error == 0 && i < descriptors.Length; i++) error = SpawnAddDuplicate(actions, descriptors[i], i);
        return error;
    }

    private static nint[] ToVector(IReadOnlyList<string> strings)
    {
        nint[] vector = new nint[strings.Count + 1];
        for (int i = 0; i < strings.Count; i++) vector[i] = Marshal.StringToCoTaskMemUTF8(strings[i]);
        return vector;
    }

    private static void FreeVector(nint[] vector)
    {
        foreach (nint address in vector) Marshal.FreeCoTaskMem(address);
    }

    private static List<string> EnvironmentStrings()
    {
        List<string> strings = [];
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            strings.Add($"{variable.Key}={variable.Value}");
        }
        return strings;
    }

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static partial int PipeCore(int* pair, int flags);

    [LibraryImport("libc", EntryPoint = "close_range", SetLastError = true)]
    private static partial int CloseRangeCore(uint first, uint last, int flags);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitCore(int processId, int* status, int options);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignalCore(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint FileModeMaskCore(uint mask);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second, nint third);

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SpawnCore(
        out int processId, string path, byte* actions, byte* attributes, nint* arguments, nint* environment);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int SpawnActionsInitialize(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int SpawnActionsDestroy(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int SpawnAddDuplicate(byte* actions, int descriptor, int wanted);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np",
        StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SpawnAddDirectory(byte* actions, string path);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int SpawnAttributesInitialize(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int SpawnAttributesDestroy(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int SpawnSetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    private static partial int SpawnSetSignalMask(byte* attributes, ulong* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int SpawnSetDefaultSignals(byte* attributes, ulong* signals);
}
