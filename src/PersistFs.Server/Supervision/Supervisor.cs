using System.Globalization;
using System.Text;
using PersistFs.Linux;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;
using PersistFs.Server.Paths;

namespace PersistFs.Server.Supervision;

/// <summary>
/// The process that keeps the connection while no server runs, starts the server and starts it again when it dies.
/// </summary>
/// <remarks>
/// It never reads the connection and knows nothing of what it keeps. All it does is in one loop on one thread; it has
/// no host, no log but lines on stderr, and little memory. When it is killed its server goes on, but no
/// process keeps its connection.
/// </remarks>
public sealed partial class Supervisor : IDisposable
{
    /// <summary>
    /// How much garbage a supervisor's runtime lets gather: 128 KiB (hexadecimal), for it lives long and does little.
    /// </summary>
    internal const string MemoryVariable = "DOTNET_GCgen0size";
    internal const string MemoryValue = "20000";

    private readonly SupervisorArguments arguments;
    private readonly Predicate<int> isFinal;
    private readonly DescriptorTable kept = new();
    private ReadinessPipe readiness;
    private RestartPolicy restarts = new();
    private readonly SupervisorLock supervisorLock;
    private readonly NotifySocket notifySocket;
    private readonly ControlSocket controlSocket;
    private readonly int signals;
    private readonly List<ServerProcess> leaving = [];
    private string program;
    private IReadOnlyList<string> programArguments;
    private ServerProcess? server;
    private string? lastEnd;
    private Upgrade? upgrade;
    private long? startDue = Environment.TickCount64;
    private bool wasReady;
    private bool isEnding;
    private int? exitCode;

    private Supervisor(
        SupervisorArguments arguments, Predicate<int> isFinal, ReadinessPipe readiness, SupervisorLock supervisorLock,
        SupervisorState? state)
    {
        this.supervisorLock = supervisorLock;
        this.arguments = arguments;
        this.isFinal = isFinal;
        this.readiness = readiness;
        program = arguments.Program;
        programArguments = arguments.Arguments;
        // `up` starts this program with them blocked, so that no thread of the runtime takes one.
        ulong set = Libc.SignalSetOf(Libc.TerminateSignal, Libc.InterruptSignal);
        Errno error = Libc.BlockSignals(set);
        if (error == Errno.OK) error = Libc.OpenSignals(set, out signals);
        if (error != Errno.OK) throw FailureException.FromSystem("persistfs keep", "watch for signals", error);
        notifySocket = new NotifySocket(RuntimePaths.NotifySocketOf(arguments.MountPoint), state?.NotifySocket);
        controlSocket = new ControlSocket(RuntimePaths.ControlSocketOf(arguments.MountPoint), state?.ControlSocket);
        if (state is not null) Resume(state);
    }

    /// <summary>Keeps, until the tree is unmounted or its server cannot be started any more.</summary>
    /// <param name="arguments">What to start for which mount point.</param>
    /// <param name="isFinal">Whether a server that ended with this exit code would only end with it again.</param>
    /// <returns>0; or the exit code of the last server, or 128 and the number of the signal that ended it.</returns>
    /// <exception cref="FailureException">The mount point has a supervisor, or this one cannot work.</exception>
    public static int Run(SupervisorArguments arguments, Predicate<int> isFinal)
    {
        using ReadinessPipe readiness = new(arguments.ReadyDescriptor);
        try
        {
            RuntimePaths.CreateBase();
            SupervisorState? state = TakeState();
            string lockPath = RuntimePaths.LockOf(arguments.MountPoint);
            using SupervisorLock taken = state is null
                ? SupervisorLock.Take(lockPath, arguments.MountPoint)
                : SupervisorLock.Adopt(lockPath, state.Lock);
            using Supervisor supervisor = new(arguments, isFinal, readiness, taken, state);
            int exitCode = supervisor.Run();
            // After a clean end nobody needs the log; after any other it is what there is to look at.
            if (exitCode == 0) ServerLog.Remove(RuntimePaths.LogOf(arguments.MountPoint), ServerLog.StandardError);
            return exitCode;
        }
        catch (FailureException exception)
        {
            readiness.Fail(exception.Message, exception.NextStep);
            throw;
        }
    }

    public void Dispose()
    {
        // Sockets go first: a client that finds none does not ask.
        controlSocket.Dispose();
        notifySocket.Dispose();
        server?.Dispose();
        foreach (ServerProcess process in leaving) process.Dispose();
        kept.Dispose();
        _ = Libc.Close(signals);
    }

    private int Run()
    {
        while (exitCode is null)
        {
            RenewWhenDue();
            if (startDue is { } due && Environment.TickCount64 >= due) StartServer();
            if (exitCode is not null) break;
            Wait();
            // Messages first: what a server sent before it died counts.
            while (notifySocket.TryReceive(out int sender, out string text, out ReadOnlySpan<int> descriptors))
            {
                Take(sender, text, descriptors);
            }
            CollectEnded();
            WatchUpgrade();
        }
        upgrade?.Fail($"{arguments.MountPoint}: the server ended, and its supervisor with it",
            $"start it again with: persistfs up {arguments.MountPoint}");
        return exitCode.Value;
    }

    private void StartServer()
    {
        startDue = null;
        Errno error = ServerProcess.Start(
            program, programArguments, kept, notifySocket.Path, isStandby: false, lastEnd, out server);
        if (error == Errno.OK) return;
        string message = $"{program}: cannot be started: {error}";
        Log(message);
        readiness.Fail(message, "install it again");
        ScheduleRestart(gotReady: false, code: 1);
    }

    /// <summary>Sleeps until there is something to do, and does what does not concern a server.</summary>
    private void Wait()
    {
        List<PollDescriptor> waiting =
        [
            new(signals, PollEvents.Readable),
            new(controlSocket.Descriptor, PollEvents.Readable),
            new(notifySocket.Descriptor, PollEvents.Readable),
        ];
        if (server is not null) waiting.Add(new PollDescriptor(server.Descriptor, PollEvents.Readable));
        if (upgrade is { IsStandbyWaiting: true })
        {
            waiting.Add(new PollDescriptor(upgrade.Standby.Descriptor, PollEvents.Readable));
        }
        waiting.AddRange(leaving.Select(process => new PollDescriptor(process.Descriptor, PollEvents.Readable)));
        PollDescriptor[] descriptors = [.. waiting];
        if (Libc.Poll(descriptors, TimeoutInMilliseconds(), out _) != Errno.OK) return;
        if (descriptors[0].Returned != 0 && Libc.ReadSignal(signals, out _) == Errno.OK) End();
        if (descriptors[1].Returned != 0 && controlSocket.TryTake(out string[] words, out int connection))
        {
            Answer(words, connection);
        }
    }

    private int TimeoutInMilliseconds()
    {
        long next = Math.Min(startDue ?? long.MaxValue, upgrade?.Deadline ?? long.MaxValue);
        return next == long.MaxValue ? -1 : (int)Math.Clamp(next - Environment.TickCount64, 0, int.MaxValue);
    }

    /// <summary>Told to end: the server unmounts, and with it all ends.</summary>
    private void End()
    {
        isEnding = server is not null || startDue is not null;
        // One that is still starting is told when it is ready: before, it might leave a mount behind.
        if (server is { IsReady: true }) server.Signal(Libc.TerminateSignal);
    }

    /// <summary>One message of one of our servers; those of others are not heard.</summary>
    private void Take(int sender, string text, ReadOnlySpan<int> descriptors)
    {
        ServerProcess? process = sender == server?.ProcessId ? server
            : sender == upgrade?.Standby.ProcessId ? upgrade.Standby : null;
        if (process is not null)
        {
            NotifyMessage message = NotifyMessage.Parse(text);
            if (message.Removes) kept.Remove(message.Name);
            if (message.Stores)
            {
                foreach (int descriptor in descriptors)
                {
                    if (!kept.Store(message.Name, descriptor)) Log($"{message.Name}: a descriptor could not be kept");
                }
            }
            if (message.Session is { } session) TakeSession(message.Name, session, descriptors);
            Take(process, message);
        }
        // This also ends the wait of a process that sent a barrier.
        foreach (int descriptor in descriptors) _ = Libc.Close(descriptor);
    }

    private void Take(ServerProcess process, NotifyMessage message)
    {
        if (message.Note is { } note) readiness.Note(note);
        if (message.Failure is { } failure) process.Failure = (failure, message.NextStep);
        if (message.IsStopping) process.IsStopping = true;
        if (message.StateVersion is { } version) process.StateVersion = version;
        if (message.IsStandby && process == upgrade?.Standby) LetGo();
        if (message.IsReady) TakeReady(process);
    }

    private void TakeReady(ServerProcess process)
    {
        process.IsReady = true;
        wasReady = true;
        readiness.Ready();
        FinishUpgrade(process);
        if (isEnding) process.Signal(Libc.TerminateSignal);
    }

    private void CollectEnded()
    {
        foreach (ServerProcess process in leaving.ToArray())
        {
            if (!process.HasEnded()) continue;
            leaving.Remove(process);
            process.Dispose();
        }
        CollectStandby();
        if (server is not { } ended || !ended.HasEnded()) return;
        server = null;
        lastEnd = ServerEnd.WordOf(ended.ExitCode!.Value);
        ended.Dispose();
        if (TakesOverFrom(ended)) return;
        Decide(ended);
    }

    /// <summary>A server has ended, and no other is about to take its place.</summary>
    private void Decide(ServerProcess ended)
    {
        int code = ended.ExitCode!.Value;
        bool isDeath = code > SignalBase || ended.IsReady;
        if (code == 0 || ended.IsStopping || isEnding)
        {
            Finish(ended.IsStopping ? 0 : code);
        }
        else if ((!wasReady && !isDeath) || isFinal(code))
        {
            // The operator is there to read it, or nothing would become of another start.
            (string message, string nextStep) = ended.Failure
                ?? ($"persistfs serve: ended with exit code {code}", "look into its log");
            Log($"{message}; it is not started again");
            readiness.Fail(message, nextStep, code);
            Finish(code);
        }
        else
        {
            string how = code > SignalBase
                ? $"was ended by signal {code - SignalBase}"
                : $"ended with exit code {code}";
            Log($"the server, process {ended.ProcessId}, {how}");
            ScheduleRestart(ended.IsReady, code);
        }
    }

    private void ScheduleRestart(bool gotReady, int code)
    {
        if (restarts.DelayAfterDeath(gotReady) is { } delay)
        {
            startDue = Environment.TickCount64 + delay;
            return;
        }
        string message =
            $"{arguments.MountPoint}: {RestartPolicy.FailedStartsMax} servers in a row ended before they were ready";
        Log($"{message}; the connection is closed, the tree is in its arena");
        readiness.Fail(message,
            $"mend what its log tells of, and start it again with: persistfs up {arguments.MountPoint}", code);
        Finish(code);
    }

    /// <summary>Ends; or stays, where an arena would be gone with the supervisor.</summary>
    private void Finish(int code)
    {
        if (kept.HasArena) Idle();
        else exitCode = code;
    }

    /// <summary>What waitpid(2)'s status of a killed process is turned into begins after this.</summary>
    private const int SignalBase = 128;

    private static void Log(string text)
    {
        string time = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        _ = Libc.Write(2, Encoding.UTF8.GetBytes($"{time} supervisor: {text}\n"), out _);
    }
}
