using System.Diagnostics;
using System.Globalization;
using PersistFs.Engine.Image;
using PersistFs.Linux;
using PersistFs.Server.Arenas;
using PersistFs.Server.Failures;
using PersistFs.Server.Images;
using PersistFs.Server.Memfd;
using PersistFs.Server.Paths;
using PersistFs.Server.Settings;
using PersistFs.Server.Status;
using PersistFs.Server.Supervision;

namespace PersistFs.Server.Kexec;

/// <summary>Takes trees up again after a kexec.</summary>
public sealed class KexecFinish
{
    private const uint OthersMask = 0x3F;

    private readonly List<string> notes = [];

    /// <summary>What is to be taken up: what was made ready before the kexec, and what pkram= names.</summary>
    /// <param name="mountPoint">The tree that is meant; null for all.</param>
    /// <param name="missing">
    /// Receives records that say nothing of their trees, and what pkram= names and is no arena, or is not there.
    /// </param>
    public static IReadOnlyList<KexecRecord> FindRecords(string? mountPoint, List<FinishedTree> missing)
    {
        List<KexecRecord> records = [.. KexecRecord.ReadAll(mountPoint, fault => missing.Add(Unreadable(fault)))];
        foreach (string value in KernelCommandLine.Running.ValuesOf("pkram"))
        {
            try
            {
                PkramParameter parameter = PkramParameter.Parse(value);
                if (!records.Exists(record => record.Arena == parameter.Arena)) records.Add(Describe(parameter));
            }
            catch (FailureException failure)
            {
                // Whose it would be is not known, so it is told where all are meant.
                if (mountPoint is not null) continue;
                missing.Add(new FinishedTree
                {
                    Arena = value,
                    IsBack = false,
                    Outcome = failure.Message,
                    NextStep = failure.NextStep,
                });
            }
        }
        return [.. records.Where(record => mountPoint is null || record.MountPoint == mountPoint)];
    }

    private static FinishedTree Unreadable(string fault) => new()
    {
        Arena = "",
        IsBack = false,
        Outcome = fault,
        NextStep = "take the tree up with: persistfs up MNT, or persistfs restore its image; then remove the record",
    };

    /// <summary>Takes one tree up, or says why it cannot be.</summary>
    public FinishedTree Run(KexecRecord record)
    {
        notes.Clear();
        try
        {
            FinishedTree tree = record.BootId == BootIdentity.Current ? Thaw(record) : TakeUp(record);
            // Whether memory has come over is seen by the server that has it: a unit's server puts the record away.
            bool isLeft = tree.IsBack && record is { Unit: not null, Route: KexecRoute.LiveUpdate }
                && record.BootId != BootIdentity.Current;
            if (tree.IsBack && !isLeft) KexecRecord.Remove(record.MountPoint);
            return tree with { Notes = [.. notes] };
        }
        catch (FailureException failure)
        {
            return Missing(record, failure.Message, failure.NextStep) with { Notes = [.. notes] };
        }
    }

    /// <summary>A record of what the arena says of itself.</summary>
    private static KexecRecord Describe(PkramParameter parameter)
    {
        if (MemfdName.IsMemory(parameter.Arena)) return DescribeMemory(parameter);
        StatusReport report = StatusClient.AskAll().FirstOrDefault(served => served.Arena == parameter.Arena)
            ?? OfflineStatus.Read(parameter.Arena);
        MountRecord? said = OfflineStatus.ReadMountRecord(parameter.Arena);
        string mountPoint = parameter.MountPoint ?? said?.MountPoint ?? throw new FailureException(
            FailureKind.NotReturned, $"pkram={parameter.Arena}: the arena does not say where it was mounted",
            $"write pkram={parameter.Arena},/mnt/pkram on the kernel command line, or mount it with: persistfs up");
        return new KexecRecord
        {
            MountPoint = mountPoint,
            Arena = parameter.Arena,
            Uuid = report.Uuid,
            Route = KexecRoute.Dax,
            Settings = said?.Settings ?? new Dictionary<string, string>(),
        };
    }

    /// <summary>Memory that the last kernel has handed over has no path: it is found when it is served.</summary>
    private static KexecRecord DescribeMemory(PkramParameter parameter) => new()
    {
        MountPoint = parameter.MountPoint ?? throw new FailureException(
            FailureKind.Usage, $"pkram={parameter.Arena}: no mount point is named",
            $"write pkram={parameter.Arena},/mnt/pkram on the kernel command line"),
        Arena = parameter.Arena,
        Uuid = "",
        Route = KexecRoute.LiveUpdate,
    };

    private static FinishedTree Thaw(KexecRecord record)
    {
        bool wasFrozen = KexecPrepare.Abort(record.MountPoint);
        return Back(record, $"no kexec has happened since it was made ready{(wasFrozen ? ": it is thawed" : "")}");
    }

    private FinishedTree TakeUp(KexecRecord record)
    {
        if (StatusClient.TryAsk(RuntimePaths.SocketOf(record.MountPoint)) is { } served)
        {
            return Compare(record, served, "it is served already");
        }
        if (!Directory.Exists(record.MountPoint))
        {
            RuntimePaths.CreateDirectory(record.MountPoint);
            notes.Add($"{record.MountPoint} was made");
        }
        if (record.Image is { } image) Restore(record, image);
        else if (!File.Exists(record.Arena) && !MemfdName.IsMemory(record.Arena))
        {
            return Missing(record, $"{record.Arena}: the arena is not there", ArenaAdvice(record));
        }
        if (record.Unit is { } unit) return Back(record, $"its unit brings it back: {unit}");
        long start = Stopwatch.GetTimestamp();
        // An empty tree in the place of one that was lost would be taken for it.
        bool isAwaited = record.Image is null && MemfdName.IsMemory(record.Arena);
        Environment.SetEnvironmentVariable(ServerVariable.ExistingOnly, isAwaited ? "1" : null);
        LaunchFailure? failure = Launcher.Start(
            record.MountPoint, Arguments(record), RuntimePaths.LogOf(record.MountPoint), notes.Add);
        if (failure is not null) return Missing(record, failure.Message, failure.NextStep);
        TimeSpan taken = Stopwatch.GetElapsedTime(start);
        StatusReport? report = StatusClient.TryAsk(RuntimePaths.SocketOf(record.MountPoint));
        return report is null
            ? Missing(record, $"{record.MountPoint}: its server does not answer",
                $"look into {RuntimePaths.LogOf(record.MountPoint)}")
            : Compare(record, report, "mounted") with { Milliseconds = Math.Round(taken.TotalMilliseconds, digits: 1) };
    }

    /// <summary>Makes the arena from its image, unless that was done already.</summary>
    private void Restore(KexecRecord record, string image)
    {
        // Where no arena was named, there may have to be mounted what it is put on.
        Dictionary<string, string?> values = new() { [SettingKey.MountPoint.Name] = record.MountPoint };
        bool wasInMemory = MemfdName.IsMemory(record.Arena);
        if (wasInMemory) RequireNotNamed(record, image, values);
        foreach ((string name, string value) in record.Settings) values[name] = value;
        if (wasInMemory) values.Remove(SettingKey.Arena.Name);
        ServerOptions options = new ServerSettings(file: null, new Dictionary<string, string?>(), values).Read();
        string arena = ArenaPlacement.Choose(options.Arena, options.MountPoint, options.Mount).Spec;
        bool isThere = Libc.GetStatus(arena, out FileStatus status) == Errno.OK && status.AllocatedBytes > 0;
        if (!isThere)
        {
            // Arenas hold everybody's files.
            Libc.SetFileModeMask(OthersMask);
            ImageReport report = Saver.Restore(image, arena, force: false, progress: null, CancellationToken.None);
            notes.Add(string.Create(CultureInfo.InvariantCulture,
                $"{arena}: restored from {image} in {report.Elapsed.TotalSeconds:0.0} s"));
            if (record.FrozenUntil is { } until && BootIdentity.BeganAt is { } began && began > until)
            {
                notes.Add(string.Create(CultureInfo.InvariantCulture,
                    $"the freeze for it was over at {until:u}, and this kernel began at {began:u}: ")
                    + "what was changed between the two is lost");
            }
            if (wasInMemory) notes.Add($"{record.Arena} ended with the last kernel; the tree lies in {arena} now");
            return;
        }
        if (OfflineStatus.Read(arena).Uuid == record.Uuid) return;
        throw new FailureException(FailureKind.ArenaExists, $"{arena}: another arena is there, and the image waits",
            $"move it away, and try again; or: persistfs restore {image} ARENA");
    }

    /// <summary>Whether the tree that is served is the one that was made ready.</summary>
    private FinishedTree Compare(KexecRecord record, StatusReport report, string outcome)
    {
        if (record.Uuid.Length > 0 && report.Uuid != record.Uuid)
        {
            return Missing(record,
                $"{record.MountPoint}: another arena is served there ({report.Uuid} instead of {record.Uuid})",
                $"end it with: persistfs down {record.MountPoint}; and serve {record.Arena}");
        }
        if (report.State is not (ServerState.Serving or ServerState.Frozen))
        {
            return Missing(record, $"{record.MountPoint}: the tree is {report.State.ToWord()}",
                $"end it with: persistfs down {record.MountPoint}, and look with: persistfs check {record.Arena}");
        }
        if (report.LastRecovery is { RolledBack: > 0 } recovery)
        {
            notes.Add($"{recovery.RolledBack} operations were under way when the kernel ended, and were undone");
        }
        return Back(record, outcome) with { InodesUsed = report.InodesUsed };
    }

    /// <summary>
    /// An image is never restored to memory: where the settings name memory, the operator has to name another place.
    /// </summary>
    private static void RequireNotNamed(
        KexecRecord record, string image, IReadOnlyDictionary<string, string?> mountPoint)
    {
        var settings = new ServerSettings(file: null, new Dictionary<string, string?>(), mountPoint);
        if (record.Unit is null && settings.Read().Arena is null) return;
        throw new FailureException(FailureKind.NotReturned,
            $"{record.Arena}: what it held waits in {image}, and is not restored to memory that nobody keeps",
            $"persistfs restore {image} FILE; name FILE in the settings of {record.Unit ?? record.MountPoint}");
    }

    private static List<string> Arguments(KexecRecord record)
    {
        List<string> arguments = [record.MountPoint];
        foreach (SettingKey key in SettingKey.All)
        {
            bool isElsewhere = record.Image is null || MemfdName.IsMemory(record.Arena);
            if (key == SettingKey.MountPoint || (key == SettingKey.Arena && isElsewhere)) continue;
            if (record.Settings.TryGetValue(key.Name, out string? value)) arguments.AddRange([key.Option, value]);
        }
        // An image is restored to where the settings lead; any other arena is where it was.
        return record.Image is null ? [.. arguments, SettingKey.Arena.Option, record.Arena] : arguments;
    }

    private static string ArenaAdvice(KexecRecord record) => record.Route switch
    {
        KexecRoute.Dax => "memmap= on the kernel command line has to be that of the kernel before, "
            + "and the modules loaded; see: persistfs doctor",
        KexecRoute.Disk => "mount the file system that it lies on, and try again",
        _ => $"make it anew with: persistfs up {record.MountPoint}",
    };

    private static FinishedTree Back(KexecRecord record, string outcome) =>
        new() { MountPoint = record.MountPoint, Arena = record.Arena, IsBack = true, Outcome = outcome };

    private static FinishedTree Missing(KexecRecord record, string cause, string nextStep) => new()
    {
        MountPoint = record.MountPoint,
        Arena = record.Arena,
        IsBack = false,
        Outcome = cause,
        NextStep = nextStep,
    };
}
