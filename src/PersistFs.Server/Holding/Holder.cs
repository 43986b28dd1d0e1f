using System.Globalization;
using PersistFs.Linux;

namespace PersistFs.Server.Holding;

/// <summary>
/// Whoever keeps the connection while no server runs, as a server sees it: one protocol, systemd's, for the descriptor
/// store of systemd and for our own keeper (sd_notify(3), sd_listen_fds(3)).
/// </summary>
public sealed class Holder
{
    /// <summary>Names the holder to the server that it starts: "keeper", or "systemd" in a unit.</summary>
    public const string KindVariable = "PERSISTFS_HOLDER";

    /// <summary>Set for a server that is to start up and wait for the old one.</summary>
    public const string StandbyVariable = "PERSISTFS_STANDBY";

    /// <summary>Where messages go.</summary>
    public const string NotifyVariable = "NOTIFY_SOCKET";

    /// <summary>The process that stored descriptors are for; how many there are; their names.</summary>
    internal const string ListenProcessVariable = "LISTEN_PID";
    internal const string ListenCountVariable = "LISTEN_FDS";
    internal const string ListenNamesVariable = "LISTEN_FDNAMES";

    /// <summary>systemd 254 and later: how many descriptors it would store.</summary>
    private const string StoreVariable = "FDSTORE";

    /// <summary>SD_LISTEN_FDS_START.</summary>
    internal const int FirstDescriptor = 3;

    /// <summary>The name under which /dev/fuse is stored.</summary>
    private const string ConnectionName = "fuse";

    private const int CountMax = 1024;

    private readonly ServiceNotifier? notifier;
    private readonly int parent = Libc.ParentProcessId();
    private HolderKind kind;
    private int connection;

    private Holder(HolderKind kind, ServiceNotifier? notifier, int connection, bool isStandby)
    {
        this.kind = kind;
        this.notifier = notifier;
        this.connection = connection;
        IsStandby = isStandby;
    }

    /// <summary>Nobody: for a server that is not started as a service.</summary>
    public static Holder None => new(HolderKind.None, null, -1, isStandby: false);

    /// <summary>Who it is. A keeper that has ended holds nothing any more.</summary>
    public HolderKind Kind => kind == HolderKind.Keeper && Libc.ParentProcessId() != parent ? HolderKind.None : kind;

    /// <summary>The keeper's process; null where there is none.</summary>
    public int? KeeperProcessId => Kind == HolderKind.Keeper ? parent : null;

    /// <summary>Whether this server is to wait until the one before has let go of the arena.</summary>
    public bool IsStandby { get; }

    /// <summary>
    /// Reads what the holder tells through the environment; no process started from here will read it again.
    /// </summary>
    public static Holder FromEnvironment()
    {
        string address = Environment.GetEnvironmentVariable(NotifyVariable) ?? "";
        int stored = TakeStored(out bool isStoreUsed);
        bool isStandby = Environment.GetEnvironmentVariable(StandbyVariable) is { Length: > 0 };
        HolderKind kind = Environment.GetEnvironmentVariable(KindVariable) switch
        {
            _ when address.Length == 0 => HolderKind.None,
            "keeper" => HolderKind.Keeper,
            "systemd" => HolderKind.Systemd,
            _ when isStoreUsed => HolderKind.Systemd,
            _ when Environment.GetEnvironmentVariable(StoreVariable) is { Length: > 0 } => HolderKind.Systemd,
            _ => HolderKind.None,
        };
        string[] told =
        [
            ListenProcessVariable, ListenCountVariable, ListenNamesVariable, StandbyVariable, KindVariable,
            StoreVariable,
        ];
        foreach (string name in told)
        {
            Environment.SetEnvironmentVariable(name, null);
        }
        return new Holder(kind, address.Length == 0 ? null : new ServiceNotifier(address), stored, isStandby);
    }

    /// <summary>The stored /dev/fuse, or -1; from then on the caller's to close.</summary>
    public int TakeConnection() => Interlocked.Exchange(ref connection, -1);

    /// <summary>Gives a duplicate of <paramref name="descriptor"/> into keeping in the place of any other.</summary>
    /// <returns>Whether the holder has it; without one this is the server's last and only.</returns>
    public bool Deposit(int descriptor)
    {
        if (Kind == HolderKind.None) return false;
        Remove();
        string lines = $"{NotifyField.Store}\n{NotifyField.Name}{ConnectionName}\n{NotifyField.NoPoll}";
        Errno error = notifier!.Send(lines, descriptor);
        if (error == Errno.OK) error = notifier.AwaitReceipt();
        if (error != Errno.OK) kind = HolderKind.None;
        return error == Errno.OK;
    }

    /// <summary>Has the holder close what it keeps.</summary>
    public void Remove()
    {
        if (kind != HolderKind.None) _ = notifier!.Send($"{NotifyField.Remove}\n{NotifyField.Name}{ConnectionName}");
    }

    /// <summary>As <see cref="Remove"/>; returns when it is closed.</summary>
    public void Discard()
    {
        Remove();
        if (kind != HolderKind.None) _ = notifier!.AwaitReceipt();
    }

    /// <summary>Something the operator may want to know.</summary>
    public void Note(string text) => TellKeeper(NotifyField.Note + OneLine(text));

    /// <summary>All is done that can be done before the old server lets go.</summary>
    public void Standby() => TellKeeper(NotifyField.Standby);

    /// <summary>The mount answers. Others are told by the host when all of it has started.</summary>
    public void Ready() => TellKeeper(NotifyField.Ready);

    /// <summary>The connection has ended, as it was meant to: nothing is to be kept or started again.</summary>
    public void Stopping()
    {
        Remove();
        TellKeeper(NotifyField.Stopping);
    }

    /// <summary>The server cannot start.</summary>
    public void Fail(string message, string nextStep) =>
        TellKeeper($"{NotifyField.Failure}{OneLine(message)}\t{OneLine(nextStep)}");

    /// <summary>Nobody may be left to hear it, and that is no reason not to serve.</summary>
    private void TellKeeper(string lines)
    {
        if (kind == HolderKind.Keeper) _ = notifier!.Send(lines);
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Replace('\t', ' ');

    /// <summary>The descriptor stored as <see cref="ConnectionName"/>, or -1; all others are closed.</summary>
    private static int TakeStored(out bool isStoreUsed)
    {
        isStoreUsed = false;
        string? process = Environment.GetEnvironmentVariable(ListenProcessVariable);
        string own = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (!string.IsNullOrEmpty(process) && process != own) return -1;
        string text = Environment.GetEnvironmentVariable(ListenCountVariable) ?? "";
        bool isCount = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count);
        if (!isCount || count is < 1 or > CountMax) return -1;
        isStoreUsed = true;
        string[] names = (Environment.GetEnvironmentVariable(ListenNamesVariable) ?? "").Split(':');
        int found = -1;
        for (int i = 0; i < count; i++)
        {
            int descriptor = FirstDescriptor + i;
            bool isWanted = found < 0 && i < names.Length && names[i] == ConnectionName;
            if (!isWanted) _ = Libc.Close(descriptor);
            else if (Libc.SetCloseOnExec(descriptor, closes: true) == Errno.OK) found = descriptor;
        }
        return found;
    }
}
