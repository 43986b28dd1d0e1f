using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;
using PersistFs.Server.Descriptors;
using PersistFs.Server.Paths;

namespace PersistFs.Server.Supervision;

/// <summary>Asks supervisors.</summary>
public static class SupervisorClient
{
    /// <summary>
    /// Where a descriptor that the supervisor of a mount point keeps can be opened; null where it keeps none.
    /// </summary>
    internal static string? PathOf(string mountPoint, string name) =>
        Kept(RuntimePaths.ControlSocketOf(mountPoint)).GetValueOrDefault(name);

    /// <summary>What a supervisor keeps: paths to open, by name. Empty where no supervisor answers.</summary>
    internal static Dictionary<string, string> Kept(string controlSocket)
    {
        Dictionary<string, string> found = [];
        string[] answer = Ask(controlSocket, SupervisorVerb.Kept);
        if (answer is not [SupervisorVerb.Kept, var process, .. var entries]) return found;
        foreach (string entry in entries)
        {
            string[] parts = entry.Split('=');
            if (parts.Length == 2) found[parts[0]] = $"/proc/{process}/fd/{parts[1]}";
        }
        return found;
    }

    /// <summary>Whether a mount point has a supervisor that keeps an arena in memory.</summary>
    public static bool KeepsArena(string mountPoint) =>
        Kept(RuntimePaths.ControlSocketOf(mountPoint)).Keys.Any(DescriptorName.IsArena);

    /// <summary>Has a supervisor without a server let go of the arena in memory, and end.</summary>
    /// <returns>The supervisor's process; null where there is no such supervisor.</returns>
    public static int? Discard(string mountPoint)
    {
        string[] answer = Ask(RuntimePaths.ControlSocketOf(mountPoint), SupervisorVerb.Discard);
        return answer is [SupervisorVerb.Discard, var process]
            ? int.Parse(process, CultureInfo.InvariantCulture)
            : null;
    }

    /// <summary>Has a supervisor without a server start one.</summary>
    /// <returns>
    /// Where it tells how that goes, as the pipe of a new supervisor; null where there is no such supervisor.
    /// </returns>
    internal static SafeFileHandle? Serve(string mountPoint, string program, IEnumerable<string> arguments)
    {
        Socket? socket = TryConnect(RuntimePaths.ControlSocketOf(mountPoint));
        if (socket is null) return null;
        using (socket)
        {
            try
            {
                socket.Send(
                    Encoding.UTF8.GetBytes(string.Join('\t', [SupervisorVerb.Serve, program, .. arguments]) + "\n"));
                byte[] first = new byte[SupervisorVerb.Serve.Length + 1];
                int length = 0;
                while (length < first.Length)
                {
                    int count = socket.Receive(first.AsSpan(length));
                    if (count == 0) return null;
                    length += count;
                }
                if (Encoding.UTF8.GetString(first) != SupervisorVerb.Serve + "\n") return null;
            }
            catch (SocketException)
            {
                // The supervisor was just ending.
                return null;
            }
            return Linux.Libc.Duplicate((int)socket.Handle, out int descriptor) == Linux.Errno.OK
                ? new SafeFileHandle(descriptor, ownsHandle: true)
                : null;
        }
    }

    /// <summary>The answer's words; none without an answer.</summary>
    private static string[] Ask(string controlSocket, string word)
    {
        using Socket? socket = TryConnect(controlSocket);
        if (socket is null) return [];
        try
        {
            socket.Send(Encoding.UTF8.GetBytes(word + "\n"));
            using StreamReader reader = new(new NetworkStream(socket), Encoding.UTF8);
            return reader.ReadLine()?.Split('\t') ?? [];
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return [];
        }
    }

    private static Socket? TryConnect(string controlSocket)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(controlSocket));
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }
}
