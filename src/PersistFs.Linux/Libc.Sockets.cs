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

    /// <summary>bind(2) to a path in the file system, which must not be there.</summary>
    /// <param name="socket">An AF_UNIX socket.</param>
    /// <param name="path">sun_path, at most 107 bytes; a leading '@' names an abstract address.</param>
    public static Errno Bind(int socket, ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty || path.Length > DescriptorPassing.PathLengthMax) return Errno.EINVAL;
        byte* address = stackalloc byte[DescriptorPassing.AddressLengthMax];
        uint length = DescriptorPassing.WriteAddress(new Span<byte>(address, DescriptorPassing.AddressLengthMax), path);
        return Result(BindCore(socket, address, length));
    }

    /// <summary>listen(2).</summary>
    public static Errno Listen(int socket, int pendingMax) => Result(ListenCore(socket, pendingMax));

    /// <summary>accept4(2), close-on-exec: the next connection.</summary>
    public static Errno Accept(int socket, out int connection) =>
        Result(connection = AcceptCore(socket, null, null, SocketCloseOnExec));

    /// <summary>SO_PASSCRED (unix(7)): every message tells from now on which process sent it.</summary>
    public static Errno TellSenders(int socket)
    {
        int enabled = 1;
        return Result(SetSocketOptionCore(socket, SocketLevel, PassCredentials, &enabled, sizeof(int)));
    }

    /// <summary>sendmsg(2) with MSG_NOSIGNAL.</summary>
    internal static Errno SendMessage(int socket, MessageHeader* message, out int count) =>
        Result(count = (int)SendMessageCore(socket, message, NoSignal));

    /// <summary>recvmsg(2) with MSG_CMSG_CLOEXEC: descriptors that come close on exec.</summary>
    internal static Errno ReceiveMessage(int socket, MessageHeader* message, out int count) =>
        Result(count = (int)ReceiveMessageCore(socket, message, ReceiveCloseOnExec));

    /// <summary>AF_UNIX.</summary>
    internal const ushort UnixFamily = 1;

    private const int SocketLevel = 1;
    private const int PassCredentials = 16;
    private const int SocketCloseOnExec = 0x80000;
    private const int NoSignal = 0x4000;
    private const int ReceiveCloseOnExec = 0x40000000;

    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    private static partial int SocketPairCore(int family, int type, int protocol, int* pair);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int SocketCore(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int BindCore(int socket, byte* address, uint length);

    [LibraryImport("libc", EntryPoint = "listen", SetLastError = true)]
    private static partial int ListenCore(int socket, int pendingMax);

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    private static partial int AcceptCore(int socket, byte* address, uint* length, int flags);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    private static partial int SetSocketOptionCore(int socket, int level, int option, void* value, uint length);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessageCore(int socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    private static partial nint ReceiveMessageCore(int socket, MessageHeader* message, int flags);
}
