namespace PersistFs.Fuse.Sessions;

/// <summary>Why a session no longer serves.</summary>
public enum SessionEndReason
{
    /// <summary>The filesystem was unmounted, or the peer has gone: the connection is over.</summary>
    Unmounted,

    /// <summary>The connection was aborted; callers got an error, and the dead mount waits to be unmounted.</summary>
    Aborted,

    /// <summary><see cref="Session.Stop"/>: the connection lives, and requests wait for the next server.</summary>
    Stopped,

    /// <summary>The kernel speaks a protocol that is not spoken here.</summary>
    Refused,

    /// <summary>The descriptor could not be read.</summary>
    Failed,
}
