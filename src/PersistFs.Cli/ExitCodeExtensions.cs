using PersistFs.Server;

namespace PersistFs.Cli;

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
        FailureKind.MountPointInvalid => ExitCode.MountPointInvalid,
        FailureKind.MountPointBusy => ExitCode.MountPointBusy,
        FailureKind.NotMounted => ExitCode.NotMounted,
        FailureKind.NoFuse => ExitCode.NoFuse,
        FailureKind.MountFailed => ExitCode.MountFailed,
        FailureKind.NotAnswering => ExitCode.NotAnswering,
        FailureKind.NoPermission => ExitCode.NoPermission,
        FailureKind.InputOutput => ExitCode.InputOutput,
        _ => ExitCode.Internal,
    };
}
