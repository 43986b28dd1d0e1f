namespace PersistFs.Server.Failures;

/// <summary>Why a verb or the server cannot do what it was asked; each kind has an exit code of its own.</summary>
public enum FailureKind
{
    /// <summary>A bug: what must not be, is.</summary>
    Internal,

    /// <summary>The command line says something that means nothing.</summary>
    Usage,

    /// <summary>A configuration file or environment variable says something that means nothing.</summary>
    Configuration,

    /// <summary>No arena where one was named.</summary>
    ArenaNotFound,

    /// <summary>The backing holds something that is not an arena.</summary>
    NotAnArena,

    /// <summary>There is an arena already, and force was not asked for.</summary>
    ArenaExists,

    /// <summary>The arena's format version or a feature of it is unknown to this program.</summary>
    UnsupportedFormat,

    /// <summary>The backing is shorter or longer than the arena says of itself.</summary>
    WrongSize,

    /// <summary>Checksums or structures of the arena are wrong.</summary>
    ArenaCorrupt,

    /// <summary>Another process serves the arena.</summary>
    ArenaInUse,

    /// <summary>The file holds something that is no image of an arena.</summary>
    NotAnImage,

    /// <summary>The image is cut off, or its checksums are wrong.</summary>
    ImageDamaged,

    /// <summary>Clients change the tree faster than it can be saved.</summary>
    NoStandstill,

    /// <summary>The work was ended before its time, by its client or by the end of the server.</summary>
    Interrupted,

    /// <summary>Not enough memory, huge pages or disk space.</summary>
    NoSpace,

    /// <summary>The mount point is missing, or is no directory.</summary>
    MountPointInvalid,

    /// <summary>Something else is mounted there, or files of the mount are in use.</summary>
    MountPointBusy,

    /// <summary>Nothing of ours is mounted there.</summary>
    NotMounted,

    /// <summary>The kernel offers no FUSE.</summary>
    NoFuse,

    /// <summary>The kernel refused the mount.</summary>
    MountFailed,

    /// <summary>A server or a mount did not answer in time.</summary>
    NotAnswering,

    /// <summary>The descriptor store has kept a descriptor that is not this tree's connection.</summary>
    ForeignConnection,

    /// <summary>The new server did not take over; the old version serves.</summary>
    UpgradeFailed,

    /// <summary>No descriptor store has the connection, so no server can take it over from another.</summary>
    NotHeld,

    /// <summary>Of what a tree holds, nothing would come to the next kernel.</summary>
    NothingSurvives,

    /// <summary>After a kexec, a tree did not come back as it was.</summary>
    NotReturned,

    /// <summary>It would end the memory that the arena lies in, and that was not asked for.</summary>
    WouldDiscard,

    /// <summary>The system refuses access.</summary>
    NoPermission,

    /// <summary>Any other error of the system.</summary>
    InputOutput,
}
