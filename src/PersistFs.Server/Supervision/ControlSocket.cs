using System.Text;
using PersistFs.Linux;
using PersistFs.Server.Failures;

namespace PersistFs.Server.Supervision;

/// <summary>Where a supervisor is asked for an upgrade: one line a connection. Its directory protects it.</summary>
internal sealed class ControlSocket : IDisposable
{
    private const int PendingConnectionsMax = 16;
    private const int LineLengthMax = 4096 + 64;
    private const int LineLimitInMilliseconds = 1000;

    private readonly string path;

    /// <param name="path">Where it is made; what a dead supervisor left there is replaced.</param>
    /// <param name="descriptor">One that this process has made already; null to make it.</param>
    /// <exception cref="FailureException">It cannot be made.</exception>
    public ControlSocket(string path, int? descriptor)
    {
        this.path = path;
        if (descriptor is { } adopted)
        {
            Descriptor = adopted;
            return;
        }
        File.Delete(path);
        Errno error = Libc.Socket(UnixSocketKind.Stream, out int socket);
        if (error == Errno.OK) error = Libc.Bind(socket, Encoding.UTF8.GetBytes(path));
        if (error == Errno.OK) error = Libc.Listen(socket, PendingConnectionsMax);
        if (error != Errno.OK) throw FailureException.FromSystem(path, "make the socket", error);
        Descriptor = socket;
    }

    public int Descriptor { get; }

    /// <summary>Takes the next request: its words, and the connection to answer on, the caller's to close.</summary>
    public bool TryTake(out string[] words, out int connection)
    {
        words = [];
        if (Libc.Accept(Descriptor, out connection) != Errno.OK) return false;
        if (TryReadLine(connection, out string line))
        {
            words = line.Split('\t');
            return true;
        }
        _ = Libc.Close(connection);
        return false;
    }

    /// <summary>Answers; the client may have gone.</summary>
    public static void Answer(int connection, params string[] words) =>
        _ = DescriptorPassing.Send(connection, Encoding.UTF8.GetBytes(string.Join('\t', words) + "\n"), []);

    public void Dispose()
    {
        File.Delete(path);
        _ = Libc.Close(Descriptor);
    }

    /// <summary>
    /// A client that sends no whole line within a second is not heard: the supervisor has a server to look after.
    /// </summary>
    private static bool TryReadLine(int connection, out string line)
    {
        line = "";
        byte[] bytes = new byte[LineLengthMax];
        int length = 0;
        long deadline = Environment.TickCount64 + LineLimitInMilliseconds;
        while (length < bytes.Length)
        {
            PollDescriptor waiting = new(connection, PollEvents.Readable);
            int left = (int)Math.Max(deadline - Environment.TickCount64, 0);
            Errno error = Libc.Poll(new Span<PollDescriptor>(ref waiting), left, out int ready);
            if (error != Errno.OK || ready == 0) return false;
            if (Libc.Read(connection, bytes.AsSpan(length), out int count) != Errno.OK || count <= 0) return false;
            length += count;
            int end = bytes.AsSpan(0, length).IndexOf((byte)'\n');
            if (end < 0) continue;
            line = Encoding.UTF8.GetString(bytes, 0, end);
            return true;
        }
        return false;
    }
}
