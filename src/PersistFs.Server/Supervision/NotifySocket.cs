using System.Text;
using PersistFs.Linux;
using PersistFs.Server.Failures;

namespace PersistFs.Server.Supervision;

/// <summary>The supervisor's end of $NOTIFY_SOCKET: datagrams, each with its descriptors and its sender.</summary>
internal sealed class NotifySocket : IDisposable
{
    private const int LengthMax = 4096;

    private readonly byte[] payload = new byte[LengthMax];
    private readonly int[] descriptors = new int[DescriptorPassing.CountMax];

    /// <param name="path">Where it is made; what a dead supervisor left there is replaced.</param>
    /// <param name="descriptor">One that this process has made already; null to make it.</param>
    /// <exception cref="FailureException">It cannot be made.</exception>
    public NotifySocket(string path, int? descriptor)
    {
        Path = path;
        if (descriptor is { } adopted)
        {
            Descriptor = adopted;
            return;
        }
        File.Delete(path);
        Errno error = Libc.Socket(UnixSocketKind.Datagram, out int socket);
        if (error == Errno.OK) error = Libc.Bind(socket, Encoding.UTF8.GetBytes(path));
        if (error == Errno.OK) error = Libc.TellSenders(socket);
        if (error == Errno.OK) error = Libc.SetNonBlocking(socket, nonBlocking: true);
        if (error != Errno.OK) throw FailureException.FromSystem(path, "make the socket", error);
        Descriptor = socket;
    }

    public string Path { get; }

    public int Descriptor { get; }

    /// <summary>Takes the next message, if there is one.</summary>
    /// <param name="sender">The process that sent it.</param>
    /// <param name="text">Its lines.</param>
    /// <param name="received">
    /// The descriptors that came with it, the caller's to close; valid until the next call.
    /// </param>
    public bool TryReceive(out int sender, out string text, out ReadOnlySpan<int> received)
    {
        Errno error = DescriptorPassing.Receive(
            Descriptor, payload, descriptors, out int length, out int count, out sender);
        text = "";
        received = [];
        if (error is not (Errno.OK or Errno.EMSGSIZE)) return false;
        text = Encoding.UTF8.GetString(payload, 0, Math.Max(length, 0));
        received = descriptors.AsSpan(0, count);
        return true;
    }

    public void Dispose()
    {
        _ = Libc.Close(Descriptor);
        File.Delete(Path);
    }
}
