using System.Net.Sockets;
using PersistFs.Linux;
using PersistFs.Server.Failures;
using PersistFs.Server.Paths;

namespace PersistFs.Server.Control;

/// <summary>Gives orders to servers.</summary>
public static class ControlClient
{
    /// <summary>How long a server may be silent before it is taken for one that does not answer any more.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Has the server of a mount carry an order out, and waits for its end: one that writes the arena to a disk as long
    /// as that takes, any other as long as the server is not silent for minutes.
    /// </summary>
    /// <param name="mountPoint">The mount point, as the kernel writes it.</param>
    /// <param name="words">The order and its arguments.</param>
    /// <param name="onProgress">Called with what the order says of its progress, on the calling thread.</param>
    /// <param name="onNote">Called with each note for the operator.</param>
    /// <param name="descriptor">An open file that goes with the order, or -1.</param>
    /// <returns>The order's results.</returns>
    /// <exception cref="FailureException">
    /// What the server says; or NotMounted, when none answers; NotAnswering, when it ends before its answer, or is
    /// silent.
    /// </exception>
    public static IReadOnlyList<string> Order(
        string mountPoint, string[] words, Action<IReadOnlyList<string>>? onProgress = null,
        Action<string>? onNote = null, int descriptor = -1)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(RuntimePaths.SocketOf(mountPoint)));
        }
        catch (Exception exception) when (exception is SocketException or ArgumentOutOfRangeException)
        {
            throw new FailureException(FailureKind.NotMounted, $"{mountPoint}: no server of this user answers for it",
                "see what is served with: persistfs status");
        }
        if (words[0] is not (ControlVerb.Save or ControlVerb.Synchronize))
            socket.ReceiveTimeout = (int)Patience.TotalMilliseconds;
        try
        {
            ReadOnlySpan<int> descriptors = descriptor < 0 ? [] : [descriptor];
            _ = DescriptorPassing.Send((int)socket.Handle, ControlLine.Encode(words), descriptors);
            ControlReader reader = new(socket);
            while (reader.TryRead(out string[] answer))
            {
                if (answer is [ControlVerb.Done, .. string[] results]) return results;
                if (answer is [ControlVerb.Fail, var kind, var message, var nextStep])
                    throw Failure(kind, message, nextStep);
                if (answer is [ControlVerb.Progress, .. string[] progress]) onProgress?.Invoke(progress);
                if (answer is [ControlVerb.Note, var note]) onNote?.Invoke(note);
            }
            if (reader.HasSeenOther) throw TooOld(mountPoint, words[0]);
        }
        catch (SocketException exception)
            when (exception.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            throw new FailureException(FailureKind.NotAnswering,
                $"{mountPoint}: its server has not answered \"{words[0]}\" within {Patience.TotalSeconds:0} s",
                $"see how the mount is with: persistfs status {mountPoint}, and try again");
        }
        catch (SocketException)
        {
            // The server has ended, which is told below.
        }
        throw new FailureException(FailureKind.NotAnswering,
            $"{mountPoint}: its server has ended before it had answered \"{words[0]}\"",
            $"see how the mount is with: persistfs status {mountPoint}, and try again");
    }

    private static FailureException Failure(string kind, string message, string nextStep) => new(
        Enum.TryParse(kind, out FailureKind known) ? known : FailureKind.InputOutput, message, nextStep);

    private static FailureException TooOld(string mountPoint, string order) => new(FailureKind.NotAnswering,
        $"{mountPoint}: its server is of a version that does not know \"{order}\"",
        $"bring it to this version with: persistfs upgrade {mountPoint}");
}
