using System.Collections;
using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>Starting programs (posix_spawn(3)).</summary>
public static unsafe partial class Libc
{
    /// <summary>
    /// Starts a program in a session of its own, in the root directory and with default signal actions.
    /// </summary>
    /// <param name="path">The program's file.</param>
    /// <param name="arguments">Its arguments, the first of which is its name.</param>
    /// <param name="environment">Its environment, NAME=VALUE each.</param>
    /// <param name="descriptors">
    /// Its descriptors 0, 1, 2 and so on, as this process numbers them; none below its place in the list, unless it is
    /// that place. It inherits all others that are not close-on-exec.
    /// </param>
    /// <param name="blockedSignals">
    /// Bit n - 1 stands for signal n: those that wait until the program asks for them.
    /// </param>
    /// <param name="processId">The new process, a child that is to be awaited.</param>
    public static Errno SpawnDetached(
        string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, ReadOnlySpan<int> descriptors,
        ulong blockedSignals, out int processId)
    {
        // The C library's structures are opaque; these are larger than any it had (80 and 336 bytes).
        byte* actions = stackalloc byte[512];
        byte* attributes = stackalloc byte[1024];
        nint[] argumentVector = ToVector(arguments);
        nint[] environmentVector = ToVector(environment);
        processId = -1;
        int error = PrepareSpawn(actions, attributes, descriptors, blockedSignals);
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

    /// <summary>execve(2): goes on as another program, with all descriptors that are not close-on-exec.</summary>
    /// <param name="path">The program's file.</param>
    /// <param name="arguments">Its arguments, the first of which is its name.</param>
    /// <param name="environment">Its environment, NAME=VALUE each.</param>
    /// <returns>Only when it fails, and why.</returns>
    public static Errno Execute(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        nint[] argumentVector = ToVector(arguments);
        nint[] environmentVector = ToVector(environment);
        Errno error;
        fixed (nint* argv = argumentVector)
        fixed (nint* envp = environmentVector)
        {
            error = Result(ExecuteCore(path, argv, envp));
        }
        FreeVector(argumentVector);
        FreeVector(environmentVector);
        return error;
    }

    /// <summary>
    /// This process's environment as NAME=VALUE strings, without those called one of <paramref name="except"/>.
    /// </summary>
    public static List<string> EnvironmentStrings(params ReadOnlySpan<string> except)
    {
        List<string> strings = [];
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            string name = (string)variable.Key;
            if (!except.Contains(name)) strings.Add($"{name}={variable.Value}");
        }
        return strings;
    }

    private const short SpawnSignalDefaults = 0x04;
    private const short SpawnSignalMask = 0x08;
    private const short SpawnNewSession = 0x80;

    private static int PrepareSpawn(
        byte* actions, byte* attributes, ReadOnlySpan<int> descriptors, ulong blockedSignals)
    {
        ulong* signals = stackalloc ulong[SignalSetWords];
        Span<ulong> words = new(signals, SignalSetWords);
        int error = SpawnActionsInitialize(actions);
        if (error == 0) error = SpawnAttributesInitialize(attributes);
        words.Clear();
        words[0] = blockedSignals;
        if (error == 0) error = SpawnSetSignalMask(attributes, signals);
        words.Fill(ulong.MaxValue);
        if (error == 0) error = SpawnSetDefaultSignals(attributes, signals);
        if (error == 0) error = SpawnSetFlags(attributes, SpawnNewSession | SpawnSignalMask | SpawnSignalDefaults);
        if (error == 0) error = SpawnAddDirectory(actions, "/");
        for (int i = 0; error == 0 && i < descriptors.Length; i++)
        {
            error = SpawnAddDuplicate(actions, descriptors[i], i);
        }
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

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SpawnCore(
        out int processId, string path, byte* actions, byte* attributes, nint* arguments, nint* environment);

    [LibraryImport("libc", EntryPoint = "execve", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ExecuteCore(string path, nint* arguments, nint* environment);

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
