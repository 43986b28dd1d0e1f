using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Sessions;
using PersistFs.Linux;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Failures;
using PersistFs.Server.FileSystem;
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
    private readonly DescriptorStore holder;
    private readonly ReturnHandler settleReturn;
    private readonly ILogger logger;
    private readonly long startedAt = Stopwatch.GetTimestamp();
    private Volume? volume;
    private TreeFileSystem? fileSystem;
    private Channel? channel;
    private Session? session;
    private MaintenanceThread? maintenance;
    private StatusSocket? statusSocket;
    private PosixSignalRegistration? handOverSignal;
    private string arena = "";

    /// <summary>The kernel's number of the connection; 0 where it does not tell.</summary>
    private ulong connection;
    private bool isMounted;
    private volatile bool isStopping;

    /// <param name="options">What to serve where.</param>
    /// <param name="holder">
    /// Who keeps the connection when this process ends, and may have it from an earlier one.
    /// </param>
    /// <param name="settleReturn">Asked of an arena in memory, before it is served.</param>
    /// <param name="logger">Told of what an operator wants to know afterwards.</param>
    public VolumeServer(ServerOptions options, DescriptorStore holder, ReturnHandler settleReturn, ILogger logger)
    {
        this.options = options;
        this.holder = holder;
        this.settleReturn = settleReturn;
        this.logger = logger;
    }

    /// <summary>The directory the tree is mounted on.</summary>
    public string MountPointPath => options.MountPoint;

    /// <summary>Completes when the connection has ended.</summary>
    public Task<SessionEnd> Completion => session!.Completion;

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
            holder.DepositServer();
            if (!TryTakeOver(out int device)) MountAnew(device);
            statusSocket = new StatusSocket(RuntimePaths.SocketOf(options.MountPoint), Report, Orders());
            handOverSignal = PosixSignalRegistration.Create((PosixSignal)Libc.UserSignal2, OnHandOverSignal);
            LogServing(options.MountPoint, arena, volume!.LastRecovery.Milliseconds, volume.LastRecovery.RolledBack);
            holder.Ready();
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
        if (holder.Kind == DescriptorStoreKind.Systemd && ServiceUnit.IsOwnBeingRestarted()) HandOver();
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
        StatusReport volumeReport = StatusSource.Describe(volume!);
        return volumeReport with
        {
            ProcessId = Environment.ProcessId,
            Version = typeof(VolumeServer).Assembly.GetName().Version?.ToString(fieldCount: 3),
            State = State(),
            MountPoint = options.MountPoint,
            Mounts = [.. Places()],
            Connection = connection == 0 ? null : connection,
            Arena = arena,
            Live = memory?.Status,
            SegmentDescriptors = memory?.Descriptors,
            CacheMode = fileSystem?.Negotiated is { } agreed
                ? agreed.Has(InitFlags.WritebackCache) ? CacheMode.WriteBack : CacheMode.WriteThrough : null,
            Store = holder.Kind,
            SupervisorProcessId = holder.SupervisorProcessId,
            Freeze = DescribeFreeze(),
            CanResend = fileSystem?.Negotiated?.Has(InitFlags.HasResend),
            Protocol = fileSystem?.Negotiated is { } terms
                ? string.Create(CultureInfo.InvariantCulture, $"{Negotiated.Major}.{terms.Minor}") : null,
            Workers = options.WorkerCount,
            UptimeSeconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds,
            CpuSeconds = Environment.CpuUsage.TotalTime.TotalSeconds,
            ServerBytes = ProcessMemory.PrivateBytes(),
            Operations = StatusSource.Operations(session!.ReadCounters()),
            Counters = StatusSource.Counters(session.ReadCounters()),
            LastRecovery = volumeReport.LastRecovery! with
            {
                Replayed = (ulong)(fileSystem?.Replayed ?? 0),
                AnsweredFromRecords = (ulong)(fileSystem?.AnsweredFromRecords ?? 0),
                GivenUp = (ulong)(fileSystem?.GivenUp ?? 0),
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
        if (session is { Completion.IsCompletedSuccessfully: false }) session.Stop();
        EndSession();
        ClearAborted();
        Release();
    }

    /// <summary>
    /// The kernel gives the number of a connection that has ended to another one: the arena must not claim it.
    /// </summary>
    private void EndSession()
    {
        bool hasEnded = session is { Completion.IsCompletedSuccessfully: true }
            && session.Completion.Result.Reason is SessionEndReason.Unmounted or SessionEndReason.Aborted;
        if (!hasEnded || volume!.ReadSession().Connection is not (> 0 and var number)) return;
        volume.StoreConnection(Guid.Empty, number);
    }

    /// <summary>Lets go of connection and arena, whatever of them there is, and of the mount not at all.</summary>
    private void Release()
    {
        channel?.Dispose();
        channel = null;
        maintenance?.Dispose();
        maintenance = null;
        volume?.Dispose();
        volume = null;
        memory?.Dispose();
        memory = null;
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
        if (connection != 0) return MountPoint.AllOf(connection).Select(mount => mount.MountPoint);
        return MountTable.Find(options.MountPoint)?.Type == MountPoint.FileSystemType ? [options.MountPoint] : [];
    }

    /// <summary>A connection that was aborted leaves dead mounts behind, and they are ours to take away.</summary>
    private void ClearAborted()
    {
        if (!isMounted) return;
        isMounted = false;
        string[] places = [.. Places()];
        if (places.Length == 0) return;
        // What the holder keeps would keep the connection from ending.
        holder.Discard();
        channel?.Dispose();
        foreach (string place in places)
        {
            if (MountPoint.Ask(place) is not (Errno.ENOTCONN or Errno.ECONNABORTED)) continue;
            MountPoint.Unmount(place, isLazy: true);
        }
    }

    private ServerState State() => isStopping || session is { Completion.IsCompleted: true }
        ? ServerState.Stopping
        : volume!.State == VolumeState.ReadOnly ? ServerState.ReadOnly
        : freezing is not null ? ServerState.Frozen : ServerState.Serving;

    private void Tell(string text)
    {
        holder.Note(text);
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
