using System.Net.Sockets;

namespace PersistFs.Server.Control;

/// <summary>Reads lines of words from a socket.</summary>
internal sealed class ControlReader(Socket socket)
{
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
            int count = HasSeenOther ? 0 : socket.Receive(bytes, end, bytes.Length - end, SocketFlags.None);
            if (count == 0)
            {
                HasSeenOther |= end > 0;
                return false;
            }
            end += count;
        }
    }
}
