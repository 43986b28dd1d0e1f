namespace PersistFs.Server.Descriptors;

/// <summary>Lines of a message to the store: those of sd_notify(3), and ours, which systemd passes over.</summary>
internal static class NotifyField
{
    public const string Ready = "READY=1";
    public const string Stopping = "STOPPING=1";
    public const string Barrier = "BARRIER=1";
    public const string Store = "FDSTORE=1";
    public const string Remove = "FDSTOREREMOVE=1";

    /// <summary>Before the name of a descriptor that is stored or removed.</summary>
    public const string Name = "FDNAME=";

    /// <summary>
    /// systemd would drop a descriptor with an error condition, which /dev/fuse has until it is mounted.
    /// </summary>
    public const string NoPoll = "FDPOLL=0";

    /// <summary>
    /// Before the name of a session that the last kernel left, and that the supervisor is to take and store; with it
    /// come /dev/liveupdate and a socket for the answer.
    /// </summary>
    public const string Session = "X_PERSISTFS_SESSION=";

    /// <summary>A new server has started up and waits for the old one to let go.</summary>
    public const string Standby = "X_PERSISTFS_STANDBY=1";

    /// <summary>Before the version of a supervisor's state that this program takes.</summary>
    public const string StateVersion = "X_PERSISTFS_KEEPER=";

    /// <summary>Before something the operator may want to know.</summary>
    public const string Note = "X_PERSISTFS_NOTE=";

    /// <summary>Before the cause of a failure; a tab, then the next step.</summary>
    public const string Failure = "X_PERSISTFS_FAILURE=";
}
