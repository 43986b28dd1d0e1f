namespace PersistFs.Linux;

/// <summary>Kinds of AF_UNIX socket (unix(7)).</summary>
public enum UnixSocketKind
{
    /// <summary>SOCK_STREAM: bytes in order.</summary>
    Stream = 1,

    /// <summary>SOCK_DGRAM: messages, no connection.</summary>
    Datagram = 2,

    /// <summary>SOCK_SEQPACKET: messages, whole and in order, over a connection.</summary>
    SequencedPacket = 5,
}
