namespace PersistFs.Cli.Output;

/// <summary>What a verb's exit code says; MANUAL.md has the same table.</summary>
/// <remarks>Usage and internal errors are numbered as in sysexits(3); systemd keeps 200 and up for itself.</remarks>
public enum ExitCode
{
    Success = 0,

    /// <summary>`check`: the arena has findings; `doctor`: a promise does not hold. Other verbs never use it.</summary>
    Findings = 1,

    /// <summary>`check`: the arena could not be checked.</summary>
    CouldNotCheck = 2,

    ArenaNotFound = 10,
    NotAnArena = 11,
    ArenaExists = 12,
    UnsupportedFormat = 13,
    WrongSize = 14,
    ArenaCorrupt = 15,
    ArenaInUse = 16,
    NoSpace = 17,
    NotAnImage = 18,
    ImageDamaged = 19,

    MountPointInvalid = 20,
    MountPointBusy = 21,
    NotMounted = 22,
    NoFuse = 23,
    MountFailed = 24,
    NotAnswering = 25,
    ForeignConnection = 26,
    UpgradeFailed = 27,
    NotHeld = 28,
    WouldDiscard = 29,

    /// <summary>
    /// `serve`: told to let go, and another server goes on. Only the supervisor or systemd sees it.
    /// </summary>
    HandedOver = 30,

    /// <summary>`kexec prepare`: of a tree nothing would come to the next kernel.</summary>
    NothingSurvives = 40,

    /// <summary>`kexec finish`: a tree did not come back as it was.</summary>
    NotReturned = 41,

    /// <summary>`save`: clients change the tree faster than it can be saved.</summary>
    NoStandstill = 42,

    /// <summary>`save`, `restore`: ended before its time.</summary>
    Interrupted = 43,

    Usage = 64,
    Internal = 70,
    InputOutput = 74,
    NoPermission = 77,
    Configuration = 78,
}
