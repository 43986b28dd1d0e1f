using System.Net.Sockets;
using System.Text.Json;
using PersistFs.Engine.Arenas;
using PersistFs.Linux;
using PersistFs.Server.Control;
using PersistFs.Server.Failures;

namespace PersistFs.Server.Status;

/// <summary>
/// A unix socket where a server is asked for its report and given orders: one connection, one line, one answer.
/// </summary>
/// <remarks>
/// Access to the server's directory, which its owner and root have, is the right to give orders. An order has a thread
/// of its own for as long as it takes; the report is never kept waiting by one.
/// </remarks>
public sealed class StatusSocket : IDisposable
{
    private const int PendingConnectionsMax = 16;
    private const int SendTimeoutInMilliseconds = 10_000;

    /// <summary>A client that sends nothing for so long gets the report: earlier versions asked that way.</summary>
    private const int SilenceInMilliseconds = 1000;

    private readonly Socket listener;
    private readonly string path;
    private readonly Func<StatusReport> report;
    private readonly IReadOnlyDictionary<string, ControlHandler> handlers;
    private readonly List<(Thread Thread, Socket Client)> clients = [];
    private readonly Thread thread;
    private volatile bool isClosed;

    /// <param name="path">Where the socket is made; one that a dead server left is replaced.</param>
    /// <param name="report">Makes a report; called on a thread of the socket's own.</param>
    /// <param name="handlers">What carries an order out, by its word.</param>
    public StatusSocket(string path, Func<StatusReport> report, IReadOnlyDictionary<string, ControlHandler> handlers)
    {
        this.path = path;
        this.report = report;
        this.handlers = handlers;
        File.Delete(path);
        listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(PendingConnectionsMax);
        thread = new Thread(Listen) { IsBackground = true, Name = "status" };
        thread.Start();
    }

    /// <summary>Closes the socket; returns when no order is being carried out any more.</summary>
    public void Dispose()
    {
        if (isClosed) return;
        isClosed = true;
        File.Delete(path);
        listener.Dispose();
        thread.Join();
        (Thread Thread, Socket Client)[] left;
        lock (clients) left = [.. clients];
        foreach ((Thread serving, _) in left) serving.Join();
    }

    private void Listen()
    {
        while (!isClosed)
        {
            try
            {
                Socket client = listener.Accept();
                Thread serving = new(() => Serve(client)) { IsBackground = true, Name = "control" };
                lock (clients) clients.Add((serving, client));
                serving.Start();
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

    private void Serve(Socket client)
    {
        List<int> descriptors = [];
        try
        {
            client.SendTimeout = SendTimeoutInMilliseconds;
            client.ReceiveTimeout = SilenceInMilliseconds;
            string[] words = ReadOrder(client, descriptors);
            if (words is [ControlVerb.Status]) SendReport(client);
            else CarryOut(new ControlRequest(words, client, descriptors, () => isClosed));
        }
        catch (SocketException)
        {
            // The client went away.
        }
        finally
        {
            foreach (int descriptor in descriptors) _ = Libc.Close(descriptor);
            lock (clients) clients.RemoveAll(one => one.Client == client);
            client.Dispose();
        }
    }

    private static string[] ReadOrder(Socket client, List<int> descriptors)
    {
        ControlReader reader = new(client, descriptors);
        try
        {
            return reader.TryRead(out string[] words) ? words : reader.HasSeenOther ? [""] : [ControlVerb.Status];
        }
        catch (SocketException exception)
            when (exception.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            return [ControlVerb.Status];
        }
    }

    private void SendReport(Socket client)
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(report(), StatusJson.Default.StatusReport);
        for (int sent = 0; sent < bytes.Length;)
            sent += client.Send(bytes, sent, bytes.Length - sent, SocketFlags.None);
    }

    private void CarryOut(ControlRequest order)
    {
        try
        {
            if (!handlers.TryGetValue(order.Word, out ControlHandler? handler))
            {
                throw new FailureException(FailureKind.Usage, $"this server does not know the order \"{order.Word}\"",
                    "bring it to the version of this program with: persistfs upgrade");
            }
            order.Send([ControlVerb.Done, .. handler(order)]);
        }
        catch (ArenaCorruptException exception)
        {
            Refuse(order, new FailureException(FailureKind.ArenaCorrupt, exception.Message.TrimEnd('.'),
                "end the mount, and look at the arena with: persistfs check"));
        }
        catch (ArenaException exception)
        {
            Refuse(order, FailureException.FromArena(exception));
        }
        catch (FailureException failure)
        {
            Refuse(order, failure);
        }
    }

    private static void Refuse(ControlRequest order, FailureException failure) =>
        order.Send(ControlVerb.Fail, failure.Kind.ToString(), failure.Message, failure.NextStep);
}
