using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Sessions;
using PersistFs.Linux;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;
using PersistFs.Server.Mounts;
using PersistFs.Server.Paths;
using PersistFs.Server.Settings;
using PersistFs.Server.Status;

namespace PersistFs.Server.Serving;

/// <summary>One volume on one mount: from the arena to the connection, and back down.</summary>
/// <remarks>Whatever was taken is let go in the reverse order, also where a step on the way up fails.</remarks>
internal sealed partial class VolumeServer : IDisposable
{
    private const uint OthersMask = 0x3F;

    private readonly ServerOptions options;
    private readonly DescriptorStore store;
    private readonly ReturnHandler settleReturn;
    private readonly ILogger logger;
    private readonly long startedAt = Stopwatch.GetTimestamp();
    private ServedTree? served;
    private StatusSocket? statusSocket;
    private PosixSignalRegistration? handOverSignal;
    private bool isMounted;
    private volatile bool isStopping;

    /// <param name="options">What to serve where.</param>
    /// <param name="store">
    /// What keeps the connection when this process ends, and may have it from an earlier one.
    /// </param>
    /// <param name="settleReturn">Asked of an arena in memory, before it is served.</param>
    /// <param name="logger">Told of what an operator wants to know afterwards.</param>
    public VolumeServer(ServerOptions options, DescriptorStore store, ReturnHandler settleReturn, ILogger logger)
    {
        this.options = options;
        this.store = store;
        this.settleReturn = settleReturn;
        this.logger = logger;
    }

    /// <summary>The directory the tree is mounted on.</summary>
    public string MountPointPath => options.MountPoint;

    /// <summary>Completes when the connection has ended.</summary>
    public Task<SessionEnd> Completion => Tree.Session.Completion;

    /// <summary>What serves; there from the way up, whole, until the way down.</summary>
    private ServedTree Tree => served ?? throw new InvalidOperationException("The tree is not served.");

    /// <summary>Maps, recovers, mounts or takes over, and returns when the mount answers.</summary>
    /// <exception cref="FailureException">A step cannot be done; those before it are undone.</exception>
    public void Start()
    {
        try
        {
            // Arenas hold everybody's files; only their owner may look into one.
            Libc.SetFileModeMask(OthersMask);
            RuntimePaths.CreateBase();
            ApplyMemoryPolicy();
            store.DepositServer();
            if (!TryTakeOver(out int device)) MountAnew(device);
            ServedTree tree = Tree;
            statusSocket = new StatusSocket(RuntimePaths.SocketOf(options.MountPoint), Report, Orders());
            handOverSignal = PosixSignalRegistration.Create((PosixSignal)Libc.UserSignal2, OnHandOverSignal);
            LogServing(options.MountPoint, tree.Arena, tree.Volume.LastRecovery.Milliseconds,
                tree.Volume.LastRecovery.RolledBack);
            store.Ready();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// Ends the mount: at once when no file is open, else when the last one is closed or the grace is over.
    /// </summary>
    public void Stop()
    {
        isStopping = true;
        if (Completion.IsCompleted) return;
        if (store.Kind == DescriptorStoreKind.Systemd && ServiceUnit.IsOwnBeingRestarted()) HandOver();
        // What the kernel holds back comes with the unmount, which would wait for it.
        Thaw();
        foreach (string place in Places())
        {
            if (MountPoint.Unmount(place, isLazy: false) != Errno.EBUSY) continue;
            LogBusy(place, options.StopGrace.TotalSeconds);
            MountPoint.Unmount(place, isLazy: true);
        }
        if (!Completion.Wait(options.StopGrace)) LogAbandoned(options.MountPoint);
    }

    /// <summary>What has become of the server, for `persistfs status`.</summary>
    public StatusReport Report()
    {
        ServedTree tree = Tree;
        Negotiated? terms = tree.FileSystem.Negotiated;
        StatusReport volumeReport = StatusSource.Describe(tree.Volume);
        return volumeReport with
        {
            ProcessId = Environment.ProcessId,
            Version = typeof(VolumeServer).Assembly.GetName().Version?.ToString(fieldCount: 3),
            State = State(),
            MountPoint = options.MountPoint,
            Mounts = [.. Places()],
            Connection = tree.Connection == 0 ? null : tree.Connection,
            Arena = tree.Arena,
            Live = tree.Memory?.Status,
            SegmentDescriptors = tree.Memory?.Descriptors,
            CacheMode = terms is { } agreed
                ? agreed.Has(InitFlags.WritebackCache) ? CacheMode.WriteBack : CacheMode.WriteThrough : null,
            Store = store.Kind,
            SupervisorProcessId = store.SupervisorProcessId,
            Freeze = DescribeFreeze(),
            CanResend = terms?.Has(InitFlags.HasResend),
            Protocol = terms is { } spoken
                ? string.Create(CultureInfo.InvariantCulture, $"{Negotiated.Major}.{spoken.Minor}") : null,
            Workers = options.WorkerCount,
            UptimeSeconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds,
            CpuSeconds = Environment.CpuUsage.TotalTime.TotalSeconds,
            ServerBytes = ProcessMemory.PrivateBytes(),
            Operations = StatusSource.Operations(tree.Session.ReadCounters()),
            Counters = StatusSource.Counters(tree.Session.ReadCounters()),
            LastRecovery = volumeReport.LastRecovery! with
            {
                Replayed = (ulong)tree.FileSystem.Replayed,
                AnsweredFromRecords = (ulong)tree.FileSystem.AnsweredFromRecords,
                GivenUp = (ulong)tree.FileSystem.GivenUp,
            },
        };
    }

    public void Dispose()
    {
        isStopping = true;
        handOverSignal?.Dispose();
        statusSocket?.Dispose();
        statusSocket = null;
        StopFreezeTimer();
        if (served is not { } tree) return;
        if (!tree.Session.Completion.IsCompletedSuccessfully) tree.Session.Stop();
        EndSession(tree);
        ClearAborted(tree);
        tree.Dispose();
        served = null;
    }

    /// <summary>
    /// The kernel gives the number of a connection that has ended to another one: the arena must not claim it.
    /// </summary>
    private static void EndSession(ServedTree tree)
    {
        bool hasEnded = tree.Session.Completion is { IsCompletedSuccessfully: true } completion
            && completion.Result.Reason is SessionEndReason.Unmounted or SessionEndReason.Aborted;
        if (!hasEnded || tree.Volume.DefaultTree.ReadSession().Connection is not (> 0 and var number)) return;
        tree.Volume.DefaultTree.StoreConnection(Guid.Empty, number);
    }

    private void ApplyMemoryPolicy()
    {
        if (options.Mount.MemoryPolicy is not { } policy) return;
        // Workers are started by this thread and inherit it; so does memory that formatting takes.
        Errno error = Libc.SetMemoryPolicy(policy.Mode, policy.Nodes);
        if (error == Errno.OK) return;
        throw new FailureException(FailureKind.Usage, $"-o mpol: the kernel refuses the memory policy ({error})",
            "name nodes that the machine has; see: numactl --hardware");
    }

    /// <summary>Where the tree is mounted: not only where this server was told to, and perhaps not there.</summary>
    private IEnumerable<string> Places()
    {
        if (Tree.Connection is not 0 and var connection)
        {
            return MountPoint.AllOf(connection).Select(mount => mount.MountPoint);
        }
        return MountTable.Find(options.MountPoint)?.Type == MountPoint.FileSystemType ? [options.MountPoint] : [];
    }

    /// <summary>A connection that was aborted leaves dead mounts behind, and they are ours to take away.</summary>
    private void ClearAborted(ServedTree tree)
    {
        if (!isMounted) return;
        isMounted = false;
        string[] places = [.. Places()];
        if (places.Length == 0) return;
        // A descriptor in the store would keep the connection from ending.
        store.Discard();
        tree.Channel.Dispose();
        foreach (string place in places)
        {
            if (MountPoint.Ask(place) is not (Errno.ENOTCONN or Errno.ECONNABORTED)) continue;
            MountPoint.Unmount(place, isLazy: true);
        }
    }

    private ServerState State() => isStopping || Tree.Session.Completion.IsCompleted
        ? ServerState.Stopping
        : Tree.Volume.State == VolumeState.ReadOnly ? ServerState.ReadOnly
        : freezing is not null ? ServerState.Frozen : ServerState.Serving;

    private void Tell(string text)
    {
        store.Note(text);
        LogNote(text);
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Text}")]
    private partial void LogNote(string text);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information,
        Message = "{MountPoint}: serving {Arena}; recovery took {Milliseconds:0.##} ms, "
            + "{RolledBack} transactions undone")]
    private partial void LogServing(string mountPoint, string arena, double milliseconds, int rolledBack);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning,
        Message = "{MountPoint}: files are in use; out of the tree now, served for {Seconds} s more")]
    private partial void LogBusy(string mountPoint, double seconds);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning,
        Message = "{MountPoint}: files are still in use; "
            + "their users will see ENOTCONN, what they wrote is in the arena")]
    private partial void LogAbandoned(string mountPoint);
}
