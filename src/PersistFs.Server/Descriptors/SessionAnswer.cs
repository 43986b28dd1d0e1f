using System.Buffers.Binary;
using PersistFs.Linux;

namespace PersistFs.Server.Descriptors;

/// <summary>The supervisor's answer to a request for a session of the last kernel: an error, or the session.</summary>
internal static class SessionAnswer
{
    private const int LimitInMilliseconds = 5000;

    /// <summary>Answers.</summary>
    /// <param name="socket">The socket that came with the request.</param>
    /// <param name="error">What the kernel said.</param>
    /// <param name="session">The session where it said nothing; stays the caller's.</param>
    public static void Send(int socket, Errno error, int session)
    {
        Span<byte> payload = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(payload, (int)error);
        _ = DescriptorPassing.Send(socket, payload, error == Errno.OK ? [session] : []);
    }

    /// <summary>Takes the answer.</summary>
    /// <param name="socket">Where it comes.</param>
    /// <param name="error">What the kernel said.</param>
    /// <param name="session">The session, the caller's to close; -1 with an error.</param>
    /// <returns>False when none comes: an older supervisor closes what it does not understand.</returns>
    public static bool TryReceive(int socket, out Errno error, out int session)
    {
        (error, session) = (Errno.OK, -1);
        PollDescriptor[] waiting = [new(socket, PollEvents.Readable)];
        Errno polled;
        int ready;
        do
        {
            polled = Libc.Poll(waiting, LimitInMilliseconds, out ready);
        }
        while (polled == Errno.EINTR);
        if (polled != Errno.OK || ready == 0) return false;
        Span<byte> payload = stackalloc byte[sizeof(int)];
        Span<int> descriptors = stackalloc int[1];
        Errno received = DescriptorPassing.Receive(socket, payload, descriptors, out int length, out int count);
        if (count == 1) session = descriptors[0];
        if (received != Errno.OK || length != payload.Length) return false;
        error = (Errno)BinaryPrimitives.ReadInt32LittleEndian(payload);
        return error != Errno.OK || session >= 0;
    }
}
