using System.Net.Sockets;
using PersistFs.Linux;

namespace PersistFs.Server.Control;

/// <summary>Reads lines of words from a socket.</summary>
/// <param name="socket">The connection.</param>
/// <param name="descriptors">
/// Receives open files that come with the lines, the caller's to close; without it they are closed.
/// </param>
internal sealed class ControlReader(Socket socket, List<int>? descriptors = null)
{
    private const int DescriptorsMax = 4;

    private readonly byte[] bytes = new byte[ControlLine.LengthMax];
    private int start;
    private int end;

    /// <summary>Whether a line was no line of words, or too long for one.</summary>
    public bool HasSeenOther { get; private set; }

    /// <summary>Waits for the next line, as long as the socket's receive timeout allows.</summary>
    /// <returns>False at the end, and after what is no line of words.</returns>
    /// <exception cref="SocketException">The timeout, or an error of the connection.</exception>
    public bool TryRead(out string[] words)
    {
        words = [];
        while (true)
        {
            int length = bytes.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                HasSeenOther |= !ControlLine.TryDecode(bytes.AsSpan(start, length), out words);
                start += length + 1;
                return !HasSeenOther;
            }
            bytes.AsSpan(start, end - start).CopyTo(bytes);
            (start, end) = (0, end - start);
            HasSeenOther |= end == bytes.Length;
            int count = HasSeenOther ? 0 : Receive(bytes.AsSpan(end));
            if (count == 0)
            {
                HasSeenOther |= end > 0;
                return false;
            }
            end += count;
        }
    }

    private int Receive(Span<byte> target)
    {
        Span<int> taken = stackalloc int[DescriptorsMax];
        Errno error;
        int length;
        int count;
        do
        {
            error = DescriptorPassing.Receive((int)socket.Handle, target, taken, out length, out count);
        }
        while (error == Errno.EINTR);
        foreach (int descriptor in taken[..count])
        {
            if (descriptors is null) _ = Libc.Close(descriptor);
            else descriptors.Add(descriptor);
        }
        return error switch
        {
            Errno.OK or Errno.EMSGSIZE => length,
            // SO_RCVTIMEO is over.
            Errno.EAGAIN => throw new SocketException((int)SocketError.TimedOut),
            _ => throw new SocketException((int)SocketError.ConnectionReset),
        };
    }
}
