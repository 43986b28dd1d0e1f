using System.Net.Sockets;
using System.Text.Json;
using PersistFs.Linux;
using PersistFs.Server.Control;
using PersistFs.Server.Paths;

namespace PersistFs.Server.Status;

/// <summary>Asks a server for its status.</summary>
public static class StatusClient
{
    /// <summary>
    /// A dead server's socket refuses at once; a live server that is slow on an overloaded machine is waited for.
    /// </summary>
    private const int TimeoutInMilliseconds = 15_000;

    /// <summary>What the server behind <paramref name="socketPath"/> says; null when nobody answers in time.</summary>
    public static StatusReport? TryAsk(string socketPath)
    {
        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.SendTimeout = TimeoutInMilliseconds;
            socket.ReceiveTimeout = TimeoutInMilliseconds;
            socket.Connect(new UnixDomainSocketEndPoint(socketPath));
            Ask(socket);
            using NetworkStream stream = new(socket);
            return JsonSerializer.Deserialize(stream, StatusJson.Default.StatusReport);
        }
        catch (Exception exception) when (exception is SocketException or IOException or JsonException
            or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    private static void Ask(Socket socket)
    {
        try
        {
            socket.Send(ControlLine.Encode(ControlVerb.Status));
        }
        catch (SocketException)
        {
            // An earlier version answers without being asked, and may have closed its side already.
        }
    }

    /// <summary>All servers of this user that answer.</summary>
    public static IReadOnlyList<StatusReport> AskAll() =>
        [.. RuntimePaths.Sockets().Select(TryAsk).OfType<StatusReport>()];

    /// <summary>The server of a mount point or of an arena; null when there is none that answers.</summary>
    /// <param name="target">A mount point, or an arena as it was named or as its resolved path.</param>
    public static StatusReport? Find(string target)
    {
        string path = Path.GetFullPath(target);
        if (Libc.ResolvePath(path, out string resolved) == Errno.OK) path = resolved;
        MountEntry? mount = MountTable.Find(path);
        StatusReport? named = TryAsk(RuntimePaths.SocketOf(path));
        if (named is not null && (mount is null || named.Connection is null || named.IsMountedAs(mount)))
        {
            return named;
        }
        return AskAll().FirstOrDefault(report => mount is not null && report.IsMountedAs(mount))
            ?? AskAll().FirstOrDefault(report => report.Arena == target || report.Arena == path);
    }
}
