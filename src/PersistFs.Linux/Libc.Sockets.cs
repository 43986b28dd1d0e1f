using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>AF_UNIX sockets beyond .NET's own: pairs of any kind, and descriptors as ancillary data.</summary>
public static unsafe partial class Libc
{
    /// <summary>socketpair(2), close-on-exec: two connected AF_UNIX sockets.</summary>
    public static Errno SocketPair(UnixSocketKind kind, out int first, out int second)
    {
        int* pair = stackalloc int[2];
        Errno error = Result(SocketPairCore(UnixFamily, (int)kind | SocketCloseOnExec, 0, pair));
        (first, second) = error == Errno.OK ? (pair[0], pair[1]) : (-1, -1);
        return error;
    }

    /// <summary>socket(2), close-on-exec: an AF_UNIX socket without a peer.</summary>
    public static Errno Socket(UnixSocketKind kind, out int descriptor) =>
        Result(descriptor = SocketCore(UnixFamily, (int)kind | SocketCloseOnExec, 0));

    /// <summary>sendmsg(2) with MSG_NOSIGNAL.</summary>
    internal static Errno SendMessage(int socket, MessageHeader* message, out int count) =>
        Result(count = (int)SendMessageCore(socket, message, NoSignal));

    /// <summary>recvmsg(2) with MSG_CMSG_CLOEXEC: descriptors that come close on exec.</summary>
    internal static Errno ReceiveMessage(int socket, MessageHeader* message, out int count) =>
        Result(count = (int)ReceiveMessageCore(socket, message, ReceiveCloseOnExec));

    /// <summary>AF_UNIX.</summary>
    internal const ushort UnixFamily = 1;

    private const int SocketCloseOnExec = 0x80000;
    private const int NoSignal = 0x4000;
    private const int ReceiveCloseOnExec = 0x40000000;

    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    private static partial int SocketPairCore(int family, int type, int protocol, int* pair);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int SocketCore(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessageCore(int socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    private static partial nint ReceiveMessageCore(int socket, MessageHeader* message, int flags);
}
