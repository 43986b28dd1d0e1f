using System.Net.Sockets;
using System.Text.Json;

namespace PersistFs.Server;

/// <summary>A unix socket that answers every connection with one report and closes it.</summary>
/// <remarks>Whoever may use the server's directory may ask; nothing can be changed through it.</remarks>
public sealed class StatusSocket : IDisposable
{
    private const int PendingConnectionsMax = 16;
    private const int SendTimeoutInMilliseconds = 1000;

    private readonly Socket listener;
    private readonly string path;
    private readonly Func<StatusReport> report;
    private readonly Thread thread;
    private volatile bool isClosed;

    /// <param name="path">Where the socket is made; one that a dead server left is replaced.</param>
    /// <param name="report">Makes a report; called on the socket's own thread.</param>
    public StatusSocket(string path, Func<StatusReport> report)
    {
        this.path = path;
        this.report = report;
        File.Delete(path);
        listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(PendingConnectionsMax);
        thread = new Thread(Serve) { IsBackground = true, Name = "status" };
        thread.Start();
    }

    public void Dispose()
    {
        if (isClosed) return;
        isClosed = true;
        File.Delete(path);
        listener.Dispose();
        thread.Join();
    }

    private void Serve()
    {
        while (!isClosed)
        {
            try
            {
                using Socket client = listener.Accept();
                client.SendTimeout = SendTimeoutInMilliseconds;
                client.Send(JsonSerializer.SerializeToUtf8Bytes(report(), StatusJson.Default.StatusReport));
            }
            catch (SocketException)
            {
                // The client went away, or this socket was closed: the loop's condition tells.
            }
            catch (ObjectDisposedException)
            {
                return;
            }
        }
    }
}
