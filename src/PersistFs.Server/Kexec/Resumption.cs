using System.Diagnostics;
using PersistFs.Linux;
using PersistFs.Server.Keeping;

namespace PersistFs.Server.Kexec;

/// <summary>Takes trees up again after a kexec.</summary>
public sealed class Resumption
{
    private readonly List<string> notes = [];

    /// <summary>What is to be taken up: what was made ready before the kexec, and what pkram= names.</summary>
    /// <param name="onNote">Told of records that cannot be read.</param>
    /// <exception cref="FailureException">pkram= names what is no arena, or is not there.</exception>
    public static IReadOnlyList<KexecRecord> FindRecords(Action<string> onNote)
    {
        List<KexecRecord> records = [.. KexecRecord.ReadAll(onNote)];
        foreach (string value in KernelCommandLine.Running.ValuesOf("pkram"))
        {
            PkramParameter parameter = PkramParameter.Parse(value);
            if (records.Exists(record => record.Arena == parameter.Arena)) continue;
            records.Add(Describe(parameter));
        }
        return records;
    }

    /// <summary>Takes one tree up, or says why it cannot be.</summary>
    public FinishedTree Run(KexecRecord record)
    {
        notes.Clear();
        try
        {
            FinishedTree tree = record.BootId == BootIdentity.Current ? Thaw(record) : TakeUp(record);
            if (tree.IsBack) KexecRecord.Remove(record.MountPoint);
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

    private static FinishedTree Thaw(KexecRecord record)
    {
        bool wasFrozen = Preparation.Abort(record.MountPoint);
        return Back(record, $"no kexec has happened since it was made ready{(wasFrozen ? ": it is thawed" : "")}");
    }

    private FinishedTree TakeUp(KexecRecord record)
    {
        if (StatusClient.TryAsk(RuntimePaths.SocketOf(record.MountPoint)) is { } served)
        {
            return Compare(record, served, "it is served already");
        }
        if (record.Unit is { } unit) return Back(record, $"its unit brings it back: {unit}");
        if (!File.Exists(record.Arena) && !record.Arena.StartsWith("memfd:", StringComparison.Ordinal))
        {
            return Missing(record, $"{record.Arena}: the arena is not there", ArenaAdvice(record));
        }
        if (!Directory.Exists(record.MountPoint))
        {
            RuntimePaths.CreateDirectory(record.MountPoint);
            notes.Add($"{record.MountPoint} was made");
        }
        long start = Stopwatch.GetTimestamp();
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

    /// <summary>Whether the tree that is served is the one that was made ready.</summary>
    private FinishedTree Compare(KexecRecord record, StatusReport report, string outcome)
    {
        if (report.Uuid != record.Uuid)
        {
            return Missing(record,
                $"{record.MountPoint}: another arena is served there ({report.Uuid} instead of {record.Uuid})",
                $"end it with: persistfs down {record.MountPoint}; and serve {record.Arena}");
        }
        if (report.State is not ("serving" or VolumeServer.FrozenState))
        {
            return Missing(record, $"{record.MountPoint}: the tree is {report.State}",
                $"end it with: persistfs down {record.MountPoint}, and look with: persistfs check {record.Arena}");
        }
        if (report.LastRecovery is { RolledBack: > 0 } recovery)
        {
            notes.Add($"{recovery.RolledBack} operations were under way when the kernel ended, and were undone");
        }
        return Back(record, outcome) with { InodesUsed = report.InodesUsed };
    }

    private static List<string> Arguments(KexecRecord record)
    {
        List<string> arguments = [record.MountPoint];
        foreach (SettingKey key in SettingKey.All)
        {
            if (key == SettingKey.MountPoint || key == SettingKey.Arena) continue;
            if (record.Settings.TryGetValue(key.Name, out string? value)) arguments.AddRange([key.Option, value]);
        }
        return [.. arguments, SettingKey.Arena.Option, record.Arena];
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
