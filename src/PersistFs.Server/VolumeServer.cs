using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using PersistFs.Engine;
using PersistFs.Fuse;
using PersistFs.Linux;

namespace PersistFs.Server;

/// <summary>One volume on one mount: from the arena to the connection, and back down.</summary>
/// <remarks>Whatever was taken is let go in the reverse order, also where a step on the way up fails.</remarks>
internal sealed partial class VolumeServer : IDisposable
{
    /// <summary>The state of a server whose connection has ended.</summary>
    public const string StoppingState = "stopping";

    private const uint OthersMask = 0x3F;

    private readonly ServerOptions options;
    private readonly ReadinessPipe readiness;
    private readonly ILogger logger;
    private readonly long startedAt = Stopwatch.GetTimestamp();
    private Volume? volume;
    private VolumeFileSystem? fileSystem;
    private Channel? channel;
    private Session? session;
    private MaintenanceThread? maintenance;
    private StatusSocket? statusSocket;
    private string arena = "";
    private bool isMounted;
    private volatile bool isStopping;

    public VolumeServer(ServerOptions options, ReadinessPipe readiness, ILogger logger)
    {
        this.options = options;
        this.readiness = readiness;
        this.logger = logger;
    }

    /// <summary>The directory the tree is mounted on.</summary>
    public string MountPointPath => options.MountPoint;

    /// <summary>Completes when the connection has ended.</summary>
    public Task<SessionEnd> Completion => session!.Completion;

    /// <summary>Maps, recovers, mounts, and returns when the mount answers.</summary>
    /// <exception cref="FailureException">A step cannot be done; those before it are undone.</exception>
    public void Start()
    {
        try
        {
            // Arenas hold everybody's files; only their owner may look into one.
            Libc.SetFileModeMask(OthersMask);
            RuntimePaths.CreateBase();
            ApplyMemoryPolicy();
            // What can be refused without touching the arena is refused first.
            bool cleared = MountPoint.Prepare(options.MountPoint, options.Mount.MayHideFiles);
            if (cleared) Tell($"{options.MountPoint}: a dead mount was cleared away");
            int device = OpenDevice();
            OpenVolume();
            Connect(device);
            MountPoint.AwaitAnswer(options.MountPoint);
            BackingDeviceInfo.Relax(options.MountPoint);
            statusSocket = new StatusSocket(RuntimePaths.SocketOf(options.MountPoint), Report);
            LogServing(options.MountPoint, arena, volume!.LastRecovery.Milliseconds, volume.LastRecovery.RolledBack);
            readiness.Ready();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Ends the mount: at once when no file is open, else when the last one is closed or the grace is over.</summary>
    public void Stop()
    {
        isStopping = true;
        if (Completion.IsCompleted) return;
        if (MountPoint.Unmount(options.MountPoint, isLazy: false) == Errno.EBUSY)
        {
            LogBusy(options.MountPoint, options.StopGrace.TotalSeconds);
            MountPoint.Unmount(options.MountPoint, isLazy: true);
        }
        if (!Completion.Wait(options.StopGrace)) LogAbandoned(options.MountPoint);
    }

    /// <summary>What has become of the server, for `persistfs status`.</summary>
    public StatusReport Report() => StatusSource.Describe(volume!) with
    {
        ProcessId = Environment.ProcessId,
        Version = typeof(VolumeServer).Assembly.GetName().Version?.ToString(fieldCount: 3),
        State = StateName(),
        MountPoint = options.MountPoint,
        Arena = arena,
        CacheMode = options.Mount.CacheMode == CacheMode.WriteBack ? "writeback" : "writethrough",
        Protocol = fileSystem?.Negotiated is { } terms
            ? string.Create(CultureInfo.InvariantCulture, $"{Negotiated.Major}.{terms.Minor}") : null,
        Workers = options.WorkerCount,
        UptimeSeconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds,
        ServerBytes = ProcessMemory.PrivateBytes(),
        Operations = StatusSource.Operations(session!.ReadCounters()),
        Counters = StatusSource.Counters(session.ReadCounters()),
    };

    public void Dispose()
    {
        isStopping = true;
        statusSocket?.Dispose();
        statusSocket = null;
        if (isMounted && session is { Completion.IsCompletedSuccessfully: false }) session.Stop();
        ClearAborted();
        channel?.Dispose();
        channel = null;
        maintenance?.Dispose();
        maintenance = null;
        volume?.Dispose();
        volume = null;
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

    /// <summary>/dev/fuse, or -1 for a user who has fusermount3 open it.</summary>
    private static int OpenDevice()
    {
        try
        {
            int device = Mount.OpenDevice();
            if (Libc.EffectiveUserId() == 0) return device;
            Libc.Close(device);
            return -1;
        }
        catch (MountException exception)
        {
            throw new FailureException(FailureKind.NoFuse, exception.Message, exception.NextStep);
        }
    }

    private void OpenVolume()
    {
        ArenaPlace place = ArenaPlacement.Choose(options.Arena, options.MountPoint, options.Mount);
        volume = VolumeAccess.Open(place, options.Mount, options.LockWait, out bool isNew);
        string growth = options.Mount.IsFixed ? "made with" : "made, to grow to";
        if (isNew) Tell(place.Note ?? $"arena {place.Spec}: {growth} {SizeText.Format(place.SizeMaxInBytes)}");
        else NoteSize(place.Spec);
        arena = Libc.ResolvePath(place.Spec, out string resolved) == Errno.OK ? resolved : place.Spec;
        volume.BeginSession();
        fileSystem = new VolumeFileSystem(volume, options.WorkerCount, logger);
        fileSystem.PrepareRoot(options.Mount);
        volume.AccessTimes = options.Mount.AccessTimes;
        maintenance = new MaintenanceThread(volume);
    }

    /// <summary>Says so when an arena is there already, and is not of the size that was asked for.</summary>
    private void NoteSize(string spec)
    {
        ulong size = volume!.GetStatistics().SizeMax;
        if (ArenaPlacement.WantedSize(options.Mount) is not { } wanted || ArenaPlacement.AreSameSize(size, wanted)) return;
        Tell($"arena {spec} was made with {SizeText.Format(size)} and keeps that; "
            + $"{SizeText.Format(wanted)} would be for a new one");
    }

    private void Connect(int device)
    {
        Fuse.MountOptions mount = new()
        {
            Target = options.MountPoint,
            Source = options.Mount.SourceName ?? arena,
            Flags = options.Mount.Flags,
            AllowOther = options.Mount.AllowsOthers ?? Libc.EffectiveUserId() == 0,
        };
        try
        {
            if (device >= 0) Mount.Attach(device, mount);
            else device = Mount.AttachThroughHelper(mount);
        }
        catch (MountException exception)
        {
            if (device >= 0) Libc.Close(device);
            throw new FailureException(FailureKind.MountFailed, exception.Message, exception.NextStep);
        }
        isMounted = true;
        channel = new Channel(device);
        fileSystem!.NotifyThrough(new Notifier(channel));
        SessionOptions wanted = new()
        {
            WorkerCount = options.WorkerCount,
            WritebackCache = options.Mount.CacheMode == CacheMode.WriteBack,
        };
        session = new Session(channel, fileSystem, wanted, fileSystem);
        session.Start();
    }

    /// <summary>A connection that was aborted leaves a dead mount behind, and it is ours to take away.</summary>
    private void ClearAborted()
    {
        if (!isMounted) return;
        isMounted = false;
        if (MountTable.Find(options.MountPoint)?.Type != MountPoint.FileSystemType) return;
        channel?.Dispose();
        if (MountPoint.Ask(options.MountPoint) is Errno.ENOTCONN or Errno.ECONNABORTED)
        {
            MountPoint.Unmount(options.MountPoint, isLazy: true);
        }
    }

    private string StateName() => isStopping || session is { Completion.IsCompleted: true }
        ? StoppingState
        : volume!.State == VolumeState.ReadOnly ? "read-only" : "serving";

    private void Tell(string text)
    {
        readiness.Note(text);
        LogNote(text);
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Information, Message = "{Text}")]
    private partial void LogNote(string text);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information,
        Message = "{MountPoint}: serving {Arena}; recovery took {Milliseconds:0.##} ms, {RolledBack} transactions undone")]
    private partial void LogServing(string mountPoint, string arena, double milliseconds, int rolledBack);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning,
        Message = "{MountPoint}: files are in use; out of the tree now, served for {Seconds} s more")]
    private partial void LogBusy(string mountPoint, double seconds);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning,
        Message = "{MountPoint}: files are still in use; their users will see ENOTCONN, what they wrote is in the arena")]
    private partial void LogAbandoned(string mountPoint);
}
