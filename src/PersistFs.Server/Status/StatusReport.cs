using System.Text.Json.Serialization;
using PersistFs.Engine.Arenas;
using PersistFs.Linux;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Paths;
using PersistFs.Server.Settings;

namespace PersistFs.Server.Status;

/// <summary>What `persistfs status` tells of one volume; its JSON is an interface that tools lean on.</summary>
public sealed record StatusReport
{
    /// <summary>The server's process; null when the arena is not served.</summary>
    [JsonPropertyName("pid")]
    public required int? ProcessId { get; init; }

    /// <summary>Program version of the server.</summary>
    public string? Version { get; init; }

    /// <summary>
    /// How the server and its tree are; of an arena without a server: offline, or in use.
    /// </summary>
    public required ServerState State { get; init; }

    /// <summary>Where the server was told to mount the tree; null when it is not served.</summary>
    public string? MountPoint { get; init; }

    /// <summary>Where the tree is mounted now, as the server sees it: more places, or others.</summary>
    public IReadOnlyList<string> Mounts { get; init; } = [];

    /// <summary>
    /// The kernel's number of the connection: a directory below /sys/fs/fuse/connections, and the minor device number
    /// of the mounts. Null when not mounted, and where the kernel does not tell.
    /// </summary>
    public ulong? Connection { get; init; }

    public required string Arena { get; init; }

    /// <summary>The word for what is behind the arena.</summary>
    public required string Backing { get; init; }

    /// <summary>What the backing can do.</summary>
    [JsonIgnore]
    public BackingKind BackingKind
    {
        get => field ?? BackingKind.Of(Backing);
        init;
    }

    public required string Uuid { get; init; }

    /// <summary>How many times the arena was opened to be served or looked at.</summary>
    public required ulong Generation { get; init; }

    /// <summary>Number of the FUSE connection now or last served.</summary>
    public required ulong Session { get; init; }

    /// <summary>Servers that took the connection over.</summary>
    public required ulong Takeovers { get; init; }

    /// <summary>Memory of the arena that contents, names and records take.</summary>
    public required ulong BytesUsed { get; init; }

    /// <summary>What <see cref="BytesUsed"/> can come to.</summary>
    public required ulong BytesMax { get; init; }

    /// <summary>The size the arena was made with, rounded up to 2 MiB.</summary>
    public required ulong SizeMax { get; init; }

    /// <summary>Memory or disk behind the arena now.</summary>
    public ulong BytesAllocated { get; init; }

    public required ulong InodesUsed { get; init; }

    /// <summary>Null for no limit.</summary>
    public ulong? InodesMax { get; init; }

    /// <summary>writethrough or writeback; null when not mounted.</summary>
    public CacheMode? CacheMode { get; init; }

    /// <summary>
    /// What keeps the connection when the server ends; null when not mounted.
    /// </summary>
    [JsonPropertyName("holder")]
    public DescriptorStoreKind? Store { get; init; }

    /// <summary>The supervisor's process; null where the connection is kept elsewhere.</summary>
    [JsonPropertyName("keeperPid")]
    public int? SupervisorProcessId { get; init; }

    /// <summary>
    /// Whether the kernel can send requests again that a dead server had read; null when not mounted.
    /// </summary>
    public bool? CanResend { get; init; }

    /// <summary>What waits, and for how long yet; null when the tree is not frozen.</summary>
    public FreezeStatus? Freeze { get; init; }

    /// <summary>FUSE protocol version spoken, as "7.45"; null when not mounted.</summary>
    public string? Protocol { get; init; }

    public int? Workers { get; init; }

    public double? UptimeSeconds { get; init; }

    /// <summary>Processor time that the server has taken since it started, of all its threads.</summary>
    public double? CpuSeconds { get; init; }

    /// <summary>Memory of the server itself, the arena aside.</summary>
    public ulong? ServerBytes { get; init; }

    /// <summary>
    /// What the server found to undo or to finish when it opened the arena; null when it is not served.
    /// </summary>
    public required RecoveryStatus? LastRecovery { get; init; }

    /// <summary>What the next server will find to undo or to finish; null when the arena is served.</summary>
    public int? TransactionsInFlight { get; init; }

    /// <summary>Whether the arena's memory goes to the next kernel; null where it lies elsewhere.</summary>
    public LiveUpdateStatus? Live { get; init; }

    /// <summary>
    /// Descriptors of the server's process behind which the segments of an arena in memory are; null where it lies
    /// elsewhere.
    /// </summary>
    public IReadOnlyList<int>? SegmentDescriptors { get; init; }

    /// <summary>Requests by operation since the server started.</summary>
    public IReadOnlyList<OperationStatus> Operations { get; init; } = [];

    /// <summary>Events of the protocol since the server started, by name.</summary>
    public IReadOnlyDictionary<string, ulong> Counters { get; init; } = new Dictionary<string, ulong>();

    /// <summary>Whether a mount is one of this tree's.</summary>
    public bool IsMountedAs(MountEntry mount) => mount.Type == Paths.MountPoint.FileSystemType
        && Connection is { } connection && connection == Paths.MountPoint.ConnectionOf(mount);
}
