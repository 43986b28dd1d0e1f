namespace PersistFs.Engine.Arenas;

/// <summary>Why an arena cannot be formatted or opened; each has an exit code of its own.</summary>
public enum ArenaFault
{
    /// <summary>No such file, or one of the wrong kind.</summary>
    NotFound,

    /// <summary>The file holds something, and it is no arena.</summary>
    NotAnArena,

    /// <summary>An arena exists already; formatting needs force.</summary>
    AlreadyFormatted,

    /// <summary>A format version or feature this program does not know.</summary>
    UnsupportedFormat,

    /// <summary>The file is shorter or longer than the arena.</summary>
    WrongSize,

    /// <summary>Checksums or structures that must be right to begin with are not.</summary>
    Corrupt,

    /// <summary>The file is no image that was saved of an arena.</summary>
    NotAnImage,

    /// <summary>The image is cut off, or its checksums are wrong.</summary>
    ImageDamaged,

    /// <summary>Clients change the arena faster than a copy of it can follow.</summary>
    NoStandstill,

    /// <summary>Another process owns the arena.</summary>
    InUse,

    /// <summary>Not enough memory, huge pages or disk space.</summary>
    NoSpace,

    /// <summary>The system refuses access.</summary>
    NoPermission,

    /// <summary>A read-only file system, or a size that cannot be.</summary>
    InvalidArgument,

    /// <summary>Any other error of the system.</summary>
    InputOutput,
}
