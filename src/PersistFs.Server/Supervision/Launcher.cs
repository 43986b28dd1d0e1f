using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using PersistFs.Linux;
using PersistFs.Server.Failures;
using PersistFs.Server.Mounts;
using PersistFs.Server.Paths;

namespace PersistFs.Server.Supervision;

/// <summary>Starts a supervisor, which starts a server, and waits until the mount answers.</summary>
public static class Launcher
{
    /// <summary>The verb of a server.</summary>
    public const string ServeVerb = "serve";

    private const int EndLimitInMilliseconds = 10_000;
    private const int PollInMilliseconds = 5;

    /// <summary>The descriptor that a supervisor finds its readiness pipe at.</summary>
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
        IReadOnlyList<string> name = Program(out string executable);
        using (SafeFileHandle? answers = AskSupervisor(mountPoint, executable, [.. name, ServeVerb, .. arguments]))
        {
            if (answers is not null) return Follow(answers, processId: null, logPath, onNote);
        }
        Errno opened = Libc.Open("/dev/null", OpenFlags.ReadOnly | OpenFlags.CloseOnExec, 0, out int input);
        Check(opened, "/dev/null", "open it");
        Check(ServerLog.Open(logPath, out int log), logPath, "open the log");
        Check(Libc.Pipe(out int readEnd, out int writeEnd), "persistfs", "make a pipe");
        // A descriptor inherited from a shell or a pipeline would keep the other end waiting as long as the server
        // lives.
        Check(Libc.CloseOnExecFrom(ReadinessDescriptor), "persistfs", "close inherited descriptors");
        SupervisorArguments supervisor = new(
            ReadinessDescriptor, mountPoint, executable, [.. name, ServeVerb, .. arguments]);
        // The supervisor reads its signals; none may reach a thread of its runtime first.
        ulong blocked = Libc.SignalSetOf(Libc.TerminateSignal, Libc.InterruptSignal);
        string memory = $"{Supervisor.MemoryVariable}={Supervisor.MemoryValue}";
        Errno error = Libc.SpawnDetached(executable, [.. name, SupervisorArguments.Verb, .. supervisor.ToStrings()],
            [.. Libc.EnvironmentStrings(Supervisor.MemoryVariable), memory],
            [input, log, log, writeEnd], blocked, out int processId);
        Libc.Close(input);
        Libc.Close(log);
        Libc.Close(writeEnd);
        Check(error, executable, "start it");
        using SafeFileHandle pipe = new(readEnd, ownsHandle: true);
        return Follow(pipe, processId, logPath, onNote);
    }

    /// <summary>
    /// Asks a supervisor that has kept an arena in memory since its tree was unmounted to start a server. Waits while
    /// the supervisor's old server is just ending.
    /// </summary>
    /// <returns>Where it tells how that goes; null where there is none.</returns>
    private static SafeFileHandle? AskSupervisor(string mountPoint, string executable, IReadOnlyList<string> arguments)
    {
        long deadline = Environment.TickCount64 + EndLimitInMilliseconds;
        while (true)
        {
            if (SupervisorClient.Serve(mountPoint, executable, arguments) is { } answers) return answers;
            bool isEnding = Environment.TickCount64 < deadline && SupervisorClient.KeepsArena(mountPoint)
                && MountTable.Find(mountPoint)?.Type != MountPoint.FileSystemType;
            if (!isEnding) return null;
            Thread.Sleep(PollInMilliseconds);
        }
    }

    /// <param name="pipe">Where the supervisor tells how it goes.</param>
    /// <param name="processId">The supervisor, where it was started from here.</param>
    /// <param name="logPath">Where to look when nothing is told.</param>
    /// <param name="onNote">Called with each note.</param>
    private static LaunchFailure? Follow(SafeFileHandle pipe, int? processId, string logPath, Action<string> onNote)
    {
        int? code = null;
        using StreamReader reader = new(new FileStream(pipe, FileAccess.Read, bufferSize: 0), Encoding.UTF8);
        string? message = null;
        string nextStep = $"look into its log: {logPath}";
        while (reader.ReadLine() is { } line)
        {
            string[] fields = line.Split('\t');
            if (fields[0] == SupervisorVerb.Ready) return null;
            if (fields[0] == SupervisorVerb.Note) onNote(fields[1]);
            if (fields[0] != SupervisorVerb.Fail) continue;
            (message, nextStep) = (fields[1], fields[2]);
            // A supervisor that has an arena to keep stays, and tells the code of its server.
            bool isTold = int.TryParse(fields[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int told);
            if (fields.Length > 3 && isTold) code = told;
        }
        int exitCode = code ?? 1;
        if (code is null && processId is { } supervisor)
            Check(Libc.WaitForExit(supervisor, out exitCode), "persistfs serve", "wait for it");
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
