using PersistFs.Server.Failures;

namespace PersistFs.Cli.Output;

/// <summary>Which exit code a failure has.</summary>
public static class ExitCodeExtensions
{
    public static ExitCode ToExitCode(this FailureKind kind) => kind switch
    {
        FailureKind.Usage => ExitCode.Usage,
        FailureKind.Configuration => ExitCode.Configuration,
        FailureKind.ArenaNotFound => ExitCode.ArenaNotFound,
        FailureKind.NotAnArena => ExitCode.NotAnArena,
        FailureKind.ArenaExists => ExitCode.ArenaExists,
        FailureKind.UnsupportedFormat => ExitCode.UnsupportedFormat,
        FailureKind.WrongSize => ExitCode.WrongSize,
        FailureKind.ArenaCorrupt => ExitCode.ArenaCorrupt,
        FailureKind.ArenaInUse => ExitCode.ArenaInUse,
        FailureKind.NoSpace => ExitCode.NoSpace,
        FailureKind.NotAnImage => ExitCode.NotAnImage,
        FailureKind.ImageDamaged => ExitCode.ImageDamaged,
        FailureKind.NoStandstill => ExitCode.NoStandstill,
        FailureKind.Interrupted => ExitCode.Interrupted,
        FailureKind.MountPointInvalid => ExitCode.MountPointInvalid,
        FailureKind.MountPointBusy => ExitCode.MountPointBusy,
        FailureKind.NotMounted => ExitCode.NotMounted,
        FailureKind.NoFuse => ExitCode.NoFuse,
        FailureKind.MountFailed => ExitCode.MountFailed,
        FailureKind.NotAnswering => ExitCode.NotAnswering,
        FailureKind.ForeignConnection => ExitCode.ForeignConnection,
        FailureKind.UpgradeFailed => ExitCode.UpgradeFailed,
        FailureKind.NotHeld => ExitCode.NotHeld,
        FailureKind.NothingSurvives => ExitCode.NothingSurvives,
        FailureKind.NotReturned => ExitCode.NotReturned,
        FailureKind.WouldDiscard => ExitCode.WouldDiscard,
        FailureKind.NoPermission => ExitCode.NoPermission,
        FailureKind.InputOutput => ExitCode.InputOutput,
        _ => ExitCode.Internal,
    };

    /// <summary>
    /// Whether a server that ended with this code would end with it again, however often it is started.
    /// </summary>
    /// <remarks>The unit's RestartPreventExitStatus= lists the same.</remarks>
    public static bool IsFinal(this ExitCode code) => code is ExitCode.ArenaNotFound or ExitCode.NotAnArena
        or ExitCode.ArenaExists or ExitCode.UnsupportedFormat or ExitCode.WrongSize or ExitCode.ArenaCorrupt
        or ExitCode.MountPointInvalid or ExitCode.MountPointBusy or ExitCode.NoFuse or ExitCode.ForeignConnection
        or ExitCode.NotHeld or ExitCode.Usage or ExitCode.NoPermission or ExitCode.Configuration;
}
