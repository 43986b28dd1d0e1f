using System.Globalization;
using PersistFs.Linux;

namespace PersistFs.Server.Descriptors;

/// <summary>
/// The descriptor store as a server sees it: it keeps the connection while no server runs. systemd's store and our own
/// supervisor speak one protocol, which is systemd's (sd_notify(3), sd_listen_fds(3)).
/// </summary>
public sealed class DescriptorStore
{
    /// <summary>Tells a new server which store it has: "keeper" for the supervisor, "systemd" in a unit.</summary>
    public const string KindVariable = "PERSISTFS_HOLDER";

    /// <summary>Set for a server that is to start up and wait for the old one.</summary>
    public const string StandbyVariable = "PERSISTFS_STANDBY";

    /// <summary>Tells the server how the one before it ended: see <see cref="ServerEnd"/>.</summary>
    public const string EndVariable = "PERSISTFS_LAST_END";

    /// <summary>Where messages go.</summary>
    public const string NotifyVariable = "NOTIFY_SOCKET";

    /// <summary>
    /// Of what a supervisor passes on when it goes on as another program. A server says which version its program
    /// takes before the program is given any.
    /// </summary>
    internal const int SupervisorStateVersion = 1;

    /// <summary>The process that stored descriptors are for; how many there are; their names.</summary>
    internal const string ListenProcessVariable = "LISTEN_PID";
    internal const string ListenCountVariable = "LISTEN_FDS";
    internal const string ListenNamesVariable = "LISTEN_FDNAMES";

    /// <summary>How many descriptors are stored at most; set by systemd 254 and later, and by the supervisor.</summary>
    internal const string StoreVariable = "FDSTORE";

    /// <summary>SD_LISTEN_FDS_START.</summary>
    internal const int FirstDescriptor = 3;

    /// <summary>The name under which a server stores itself, so that its successor can ask how it ended.</summary>
    private const string ServerName = "server";

    private const int CountMax = 1024;

    private readonly ServiceNotifier? notifier;
    private readonly int parent = Libc.ParentProcessId();
    private readonly string? lastEnd;
    private readonly int lastServer;
    private DescriptorStoreKind kind;
    private readonly Dictionary<string, int> stored;
    private readonly StoreCapacity room;

    private DescriptorStore(
        DescriptorStoreKind kind, ServiceNotifier? notifier, Dictionary<string, int> stored, string? lastEnd,
        bool isStandby, int? storeMax)
    {
        this.kind = kind;
        this.notifier = notifier;
        this.stored = stored;
        room = new StoreCapacity(kind, storeMax, stored.Keys);
        this.lastEnd = lastEnd;
        lastServer = stored.Remove(ServerName, out int descriptor) ? descriptor : -1;
        IsStandby = isStandby;
    }

    /// <summary>No store: for a server that is not started as a service.</summary>
    public static DescriptorStore None =>
        new(DescriptorStoreKind.None, null, [], null, isStandby: false, storeMax: null);

    /// <summary>What kind of store it is; none once the supervisor has ended.</summary>
    public DescriptorStoreKind Kind => kind == DescriptorStoreKind.Supervisor && Libc.ParentProcessId() != parent
        ? DescriptorStoreKind.None
        : kind;

    /// <summary>The supervisor's process; null where there is none.</summary>
    public int? SupervisorProcessId => Kind == DescriptorStoreKind.Supervisor ? parent : null;

    /// <summary>Whether this server is to wait until the one before has let go of the arena.</summary>
    public bool IsStandby { get; }

    /// <summary>
    /// Reads what the store tells through the environment; no process started from here will read it again.
    /// </summary>
    public static DescriptorStore FromEnvironment()
    {
        string address = Environment.GetEnvironmentVariable(NotifyVariable) ?? "";
        Dictionary<string, int> stored = TakeStored(out bool isStoreUsed);
        string? lastEnd = Environment.GetEnvironmentVariable(EndVariable);
        bool isStandby = Environment.GetEnvironmentVariable(StandbyVariable) is { Length: > 0 };
        DescriptorStoreKind kind = Environment.GetEnvironmentVariable(KindVariable) switch
        {
            _ when address.Length == 0 => DescriptorStoreKind.None,
            DescriptorStoreName.Supervisor => DescriptorStoreKind.Supervisor,
            DescriptorStoreName.Systemd => DescriptorStoreKind.Systemd,
            _ when isStoreUsed => DescriptorStoreKind.Systemd,
            _ when Environment.GetEnvironmentVariable(StoreVariable) is { Length: > 0 } => DescriptorStoreKind.Systemd,
            _ => DescriptorStoreKind.None,
        };
        bool isCounted = int.TryParse(
            Environment.GetEnvironmentVariable(StoreVariable), CultureInfo.InvariantCulture, out int storeMax);
        string[] told =
        [
            ListenProcessVariable, ListenCountVariable, ListenNamesVariable, StandbyVariable, KindVariable,
            EndVariable, StoreVariable,
        ];
        foreach (string name in told)
        {
            Environment.SetEnvironmentVariable(name, null);
        }
        ServiceNotifier? notifier = address.Length == 0 ? null : new ServiceNotifier(address);
        return new DescriptorStore(kind, notifier, stored, lastEnd, isStandby, isCounted ? storeMax : null);
    }

    /// <summary>The stored /dev/fuse, or -1; from then on the caller's to close.</summary>
    public int TakeConnection() => Take(DescriptorName.Connection);

    /// <summary>Whether memory of an arena was stored, and not taken yet.</summary>
    internal bool HasArena
    {
        get
        {
            lock (stored) return stored.Keys.Any(DescriptorName.IsArena);
        }
    }

    /// <summary>
    /// Why the store has no room for one more descriptor of an arena beside what the connection needs; null where there
    /// is room.
    /// </summary>
    internal string? WhyFull(string name) => room.WhyFull(name);

    /// <summary>What is stored under a name, or -1; from then on the caller's to close.</summary>
    internal int Take(string name)
    {
        lock (stored) return stored.Remove(name, out int descriptor) ? descriptor : -1;
    }

    /// <summary>
    /// Whether the server before this one was ended from outside. Where its end is not known, it counts as a crash: a
    /// request that crashes every server must not have many tries.
    /// </summary>
    public bool WasServerKilled()
    {
        if (lastEnd is not null) return lastEnd == ServerEnd.Killed;
        bool isKnown = lastServer >= 0 & Libc.GetExit(lastServer, out int exitCode) == Errno.OK;
        return isKnown && ServerEnd.IsFromOutside(exitCode);
    }

    /// <summary>
    /// Stores a descriptor of this process in systemd, so that the successor can ask how this process ended. The
    /// supervisor needs none: it tells the successor itself.
    /// </summary>
    public void DepositServer()
    {
        if (Kind != DescriptorStoreKind.Systemd) return;
        if (Libc.OpenProcess(Environment.ProcessId, out int self) != Errno.OK) return;
        _ = notifier!.Send($"{NotifyField.Remove}\n{NotifyField.Name}{ServerName}");
        // Else it would be dropped at the very moment that makes it useful.
        _ = notifier.Send($"{NotifyField.Store}\n{NotifyField.Name}{ServerName}\n{NotifyField.NoPoll}", self);
        room.Add(ServerName);
        _ = Libc.Close(self);
    }

    /// <summary>Stores a duplicate of /dev/fuse in the place of any other.</summary>
    /// <returns>Whether the store has it; if not, the connection ends with this server.</returns>
    public bool Deposit(int descriptor) => Deposit(DescriptorName.Connection, descriptor);

    /// <summary>Stores a duplicate of a descriptor in the place of any other of that name.</summary>
    /// <returns>Whether the store has it.</returns>
    internal bool Deposit(string name, int descriptor)
    {
        // A full store drops what it is sent, without an error.
        if (Kind == DescriptorStoreKind.None || room.WhyFull(name) is not null) return false;
        Remove(name);
        string lines = $"{NotifyField.Store}\n{NotifyField.Name}{name}\n{NotifyField.NoPoll}";
        Errno error = notifier!.Send(lines, descriptor);
        if (error == Errno.OK) error = notifier.AwaitReceipt();
        if (error != Errno.OK) kind = DescriptorStoreKind.None;
        else room.Add(name);
        return error == Errno.OK;
    }

    /// <summary>
    /// Has the supervisor take a session that the last kernel left. The supervisor stores it before this process has
    /// it, so that no death of this process loses it.
    /// </summary>
    /// <param name="device">/dev/liveupdate.</param>
    /// <param name="session">What the last kernel called it.</param>
    /// <param name="name">The name to keep it under.</param>
    /// <param name="error">What the kernel said.</param>
    /// <param name="descriptor">The session, the caller's to close; -1 with an error.</param>
    /// <returns>False where the store cannot: systemd does not, nor did earlier supervisors.</returns>
    internal bool TryTakeSession(int device, string session, string name, out Errno error, out int descriptor)
    {
        (error, descriptor) = (Errno.OK, -1);
        if (Kind != DescriptorStoreKind.Supervisor) return false;
        if (Libc.SocketPair(UnixSocketKind.Stream, out int answers, out int asked) != Errno.OK) return false;
        Errno sent = notifier!.Send(
            $"{NotifyField.Session}{session}\n{NotifyField.Name}{name}", device, asked);
        _ = Libc.Close(asked);
        bool isAnswered = sent == Errno.OK && SessionAnswer.TryReceive(answers, out error, out descriptor);
        if (isAnswered && error == Errno.OK) room.Add(name);
        _ = Libc.Close(answers);
        return isAnswered;
    }

    /// <summary>Has the store close the connection.</summary>
    public void Remove() => Remove(DescriptorName.Connection);

    /// <summary>Has the store close what it keeps under a name.</summary>
    internal void Remove(string name)
    {
        if (kind == DescriptorStoreKind.None) return;
        _ = notifier!.Send($"{NotifyField.Remove}\n{NotifyField.Name}{name}");
        room.Remove(name);
    }

    /// <summary>As <see cref="Remove()"/>; returns when it is closed.</summary>
    public void Discard() => Discard(DescriptorName.Connection);

    /// <summary>As <see cref="Remove(string)"/>; returns when it is closed.</summary>
    internal void Discard(string name)
    {
        Remove(name);
        if (kind != DescriptorStoreKind.None) _ = notifier!.AwaitReceipt();
    }

    /// <summary>Something the operator may want to know.</summary>
    public void Note(string text) => TellSupervisor(NotifyField.Note + OneLine(text));

    /// <summary>All is done that can be done before the old server lets go.</summary>
    public void Standby() => TellSupervisor(string.Create(CultureInfo.InvariantCulture,
        $"{NotifyField.Standby}\n{NotifyField.StateVersion}{SupervisorStateVersion}"));

    /// <summary>The mount answers. Others are told by the host when all of it has started.</summary>
    public void Ready() => TellSupervisor(NotifyField.Ready);

    /// <summary>The connection has ended, as it was meant to: nothing is to be kept or started again.</summary>
    public void Stopping()
    {
        Remove();
        if (kind == DescriptorStoreKind.Systemd)
        {
            _ = notifier!.Send($"{NotifyField.Remove}\n{NotifyField.Name}{ServerName}");
        }
        TellSupervisor(NotifyField.Stopping);
    }

    /// <summary>The server cannot start.</summary>
    public void Fail(string message, string nextStep) =>
        TellSupervisor($"{NotifyField.Failure}{OneLine(message)}\t{OneLine(nextStep)}");

    /// <summary>The supervisor may have ended, and that is no reason not to serve.</summary>
    private void TellSupervisor(string lines)
    {
        if (kind == DescriptorStoreKind.Supervisor) _ = notifier!.Send(lines);
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Replace('\t', ' ');

    /// <summary>The descriptors stored under names of ours; all others are closed.</summary>
    private static Dictionary<string, int> TakeStored(out bool isStoreUsed)
    {
        Dictionary<string, int> found = [];
        isStoreUsed = false;
        string? process = Environment.GetEnvironmentVariable(ListenProcessVariable);
        string own = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (!string.IsNullOrEmpty(process) && process != own) return found;
        string text = Environment.GetEnvironmentVariable(ListenCountVariable) ?? "";
        bool isCount = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count);
        if (!isCount || count is < 1 or > CountMax) return found;
        isStoreUsed = true;
        string[] names = (Environment.GetEnvironmentVariable(ListenNamesVariable) ?? "").Split(':');
        for (int i = 0; i < count; i++)
        {
            int descriptor = FirstDescriptor + i;
            string name = i < names.Length ? names[i] : "";
            bool isWanted = name == DescriptorName.Connection || DescriptorName.IsArena(name) || name == ServerName;
            if (isWanted) isWanted = Libc.SetCloseOnExec(descriptor, closes: true) == Errno.OK;
            if (!isWanted || !found.TryAdd(name, descriptor)) _ = Libc.Close(descriptor);
        }
        return found;
    }
}
