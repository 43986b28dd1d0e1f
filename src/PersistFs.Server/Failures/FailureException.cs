using PersistFs.Engine.Arenas;
using PersistFs.Linux;

namespace PersistFs.Server.Failures;

/// <summary>Something cannot be done, for a reason the operator can understand and act on.</summary>
public sealed class FailureException : Exception
{
    /// <param name="kind">What kind of failure it is.</param>
    /// <param name="message">The object and the cause: "OBJECT: cause".</param>
    /// <param name="nextStep">What the operator can do about it, without a full stop.</param>
    public FailureException(FailureKind kind, string message, string nextStep)
        : base(message)
    {
        Kind = kind;
        NextStep = nextStep;
    }

    public FailureKind Kind { get; }

    public string NextStep { get; }

    /// <summary>A system call on <paramref name="subject"/> failed in a way nobody plans for.</summary>
    /// <param name="subject">The object of the call.</param>
    /// <param name="action">What was tried, as in "cannot ACTION".</param>
    /// <param name="error">What the kernel answered.</param>
    public static FailureException FromSystem(string subject, string action, Errno error) => error switch
    {
        Errno.EPERM or Errno.EACCES => new FailureException(FailureKind.NoPermission,
            $"{subject}: cannot {action}: permission denied ({error})", "run it as root, or as the owner"),
        Errno.EROFS => new FailureException(FailureKind.NoPermission,
            $"{subject}: cannot {action}: the file system is read-only", "choose another place"),
        Errno.ENOSPC or Errno.ENOMEM => new FailureException(FailureKind.NoSpace,
            $"{subject}: cannot {action}: no room ({error})", "free memory or disk space, or ask for a smaller size"),
        _ => new FailureException(FailureKind.InputOutput,
            $"{subject}: cannot {action}: {error}", "look into the kernel's log (dmesg) for the cause"),
    };

    /// <summary>What the engine says of an arena or an image, as a failure of the server or a verb.</summary>
    public static FailureException FromArena(ArenaException exception)
    {
        FailureKind kind = exception.Fault switch
        {
            ArenaFault.NotFound => FailureKind.ArenaNotFound,
            ArenaFault.NotAnArena => FailureKind.NotAnArena,
            ArenaFault.AlreadyFormatted => FailureKind.ArenaExists,
            ArenaFault.UnsupportedFormat => FailureKind.UnsupportedFormat,
            ArenaFault.WrongSize => FailureKind.WrongSize,
            ArenaFault.Corrupt => FailureKind.ArenaCorrupt,
            ArenaFault.InUse => FailureKind.ArenaInUse,
            ArenaFault.NotAnImage => FailureKind.NotAnImage,
            ArenaFault.ImageDamaged => FailureKind.ImageDamaged,
            ArenaFault.NoStandstill => FailureKind.NoStandstill,
            ArenaFault.NoSpace => FailureKind.NoSpace,
            ArenaFault.NoPermission => FailureKind.NoPermission,
            ArenaFault.InvalidArgument => FailureKind.Usage,
            _ => FailureKind.InputOutput,
        };
        string step = exception.NextStep.TrimEnd('.');
        return new FailureException(kind, exception.Message.TrimEnd('.'), char.ToLowerInvariant(step[0]) + step[1..]);
    }
}
