using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using PersistFs.Linux;

namespace PersistFs.Server.Keeping;

/// <summary>Starts a keeper, which starts a server, and waits until the mount answers.</summary>
public static class Launcher
{
    /// <summary>The verb of a server.</summary>
    public const string ServeVerb = "serve";

    /// <summary>The descriptor that a keeper finds its readiness pipe at.</summary>
    private const int ReadinessDescriptor = 3;

    /// <summary>Starts `persistfs keep` detached from terminal and session.</summary>
    /// <param name="mountPoint">The directory to serve on, as the kernel writes it.</param>
    /// <param name="arguments">What follows "serve".</param>
    /// <param name="logPath">Where its output goes.</param>
    /// <param name="onNote">Called with each note that the server has for the operator.</param>
    /// <returns>Null when the mount answers; else why it does not.</returns>
    /// <exception cref="FailureException">The server could not be started at all.</exception>
    public static LaunchFailure? Start(
        string mountPoint, IReadOnlyList<string> arguments, string logPath, Action<string> onNote)
    {
        RuntimePaths.CreateBase();
        Errno opened = Libc.Open("/dev/null", OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0, out int input);
        Check(opened, "/dev/null", "open it");
        Check(ServerLog.Open(logPath, out int log), logPath, "open the log");
        Check(Libc.Pipe(out int readEnd, out int writeEnd), "persistfs", "make a pipe");
        // A descriptor inherited from a shell or a pipeline would keep the other end waiting as long as the server
        // lives.
        Check(Libc.CloseOnExecFrom(ReadinessDescriptor), "persistfs", "close inherited descriptors");
        IReadOnlyList<string> name = Program(out string executable);
        KeeperArguments keeper = new(ReadinessDescriptor, mountPoint, executable, [.. name, ServeVerb, .. arguments]);
        // The keeper reads its signals; none may reach a thread of its runtime first.
        ulong blocked = Libc.SignalSetOf(Libc.TerminateSignal, Libc.InterruptSignal);
        Errno error = Libc.SpawnDetached(executable, [.. name, KeeperArguments.Verb, .. keeper.ToStrings()],
            [.. Libc.EnvironmentStrings(Keeper.MemoryVariable), $"{Keeper.MemoryVariable}={Keeper.MemoryValue}"],
            [input, log, log, writeEnd], blocked, out int processId);
        Libc.Close(input);
        Libc.Close(log);
        Libc.Close(writeEnd);
        Check(error, executable, "start it");
        using SafeFileHandle pipe = new(readEnd, ownsHandle: true);
        return Follow(pipe, processId, logPath, onNote);
    }

    private static LaunchFailure? Follow(SafeFileHandle pipe, int processId, string logPath, Action<string> onNote)
    {
        using StreamReader reader = new(new FileStream(pipe, FileAccess.Read, bufferSize: 0), Encoding.UTF8);
        string? message = null;
        string nextStep = $"look into its log: {logPath}";
        while (reader.ReadLine() is { } line)
        {
            string[] fields = line.Split('\t');
            if (fields[0] == KeeperWord.Ready) return null;
            if (fields[0] == KeeperWord.Note) onNote(fields[1]);
            if (fields[0] == KeeperWord.Fail) (message, nextStep) = (fields[1], fields[2]);
        }
        Check(Libc.WaitForExit(processId, out int exitCode), "persistfs serve", "wait for it");
        message ??= $"persistfs serve: ended with exit code {exitCode} before the mount answered";
        return new LaunchFailure(exitCode, message, nextStep);
    }

    /// <summary>How this very program is started again: alone, or through the dotnet host.</summary>
    private static List<string> Program(out string executable)
    {
        executable = Environment.ProcessPath ?? "/proc/self/exe";
        bool isHosted = Path.GetFileNameWithoutExtension(executable) == "dotnet";
        return isHosted ? [executable, Path.Combine(AppContext.BaseDirectory, "persistfs.dll")] : ["persistfs"];
    }

    private static void Check(Errno error, string subject, string action)
    {
        if (error != Errno.OK) throw FailureException.FromSystem(subject, action, error);
    }
}
