using System.CommandLine;
using PersistFs.Server.Failures;
using PersistFs.Server.Mounts;
using PersistFs.Server.Paths;
using PersistFs.Server.Status;

namespace PersistFs.Cli.Commands;

/// <summary>`persistfs kexec prepare|abort|finish [MNT]`: trees over a change of the kernel.</summary>
internal static class KexecCommand
{
    public static Command Create() => new("kexec", "Bring trees over a change of the kernel by kexec.")
    {
        KexecPrepareCommand.Create(),
        KexecAbortCommand.Create(),
        KexecFinishCommand.Create(),
    };

    /// <summary>The trees meant: the one that is served on a mount point, or all.</summary>
    /// <exception cref="FailureException">NotMounted.</exception>
    public static IReadOnlyList<StatusReport> Served(string? mountPoint)
    {
        if (mountPoint is not null)
        {
            string path = MountPoint.Resolve(mountPoint);
            return [StatusClient.TryAsk(RuntimePaths.SocketOf(path)) ?? throw new FailureException(
                FailureKind.NotMounted, $"{path}: no server of this user answers for it",
                "see what is served with: persistfs status")];
        }
        IReadOnlyList<StatusReport> all = StatusClient.AskAll();
        return all.Count > 0 ? all : throw new FailureException(FailureKind.NotMounted,
            $"{RuntimePaths.Base}: no server of this user answers", "start one with: persistfs up MNT");
    }

    public static Argument<string?> MountPointArgument() => new("MNT")
    {
        Description = "A mount point. Otherwise all that is served.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public static Option<bool> JsonOption() => new("--json") { Description = "For programs: one JSON object a line." };
}
