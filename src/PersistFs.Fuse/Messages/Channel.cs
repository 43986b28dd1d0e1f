using PersistFs.Linux;

namespace PersistFs.Fuse.Messages;

/// <summary>One descriptor of /dev/fuse: a request comes in with one read, a reply goes out with one writev.</summary>
/// <remarks>
/// Any number of threads read and write at once. Any descriptor that keeps messages whole will do, such as a
/// SOCK_SEQPACKET socket.
/// </remarks>
public sealed class Channel : IDisposable
{
    private int descriptor;
    private bool waits = true;

    /// <summary>Takes over <paramref name="descriptor"/>: it is closed with the channel.</summary>
    /// <param name="descriptor">An open /dev/fuse.</param>
    /// <remarks>
    /// O_NONBLOCK is cleared. It belongs to the open file, so another process may have set it, and may be dead.
    /// </remarks>
    public Channel(int descriptor)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(descriptor);
        this.descriptor = descriptor;
        Errno error = Libc.SetNonBlocking(descriptor, false);
        if (error != Errno.OK) throw new IOException($"The descriptor {descriptor} cannot be used: {error}.");
    }

    /// <summary>The descriptor; the channel's to close.</summary>
    public int Descriptor => descriptor;

    /// <summary>
    /// Says whether <see cref="Read"/> waits for a request, as it does at first, or only looks. No thread may be
    /// reading.
    /// </summary>
    /// <remarks>
    /// To look is one step here. A request seen by poll(2) can be gone before read(2), its caller killed, and a read
    /// that blocks then waits for the next one.
    /// </remarks>
    public Errno SetWaiting(bool isWaiting)
    {
        waits = isWaiting;
        return Libc.SetNonBlocking(descriptor, !isWaiting);
    }

    /// <summary>Waits for one request and reads it.</summary>
    /// <param name="buffer">Room for the largest request, its pages mapped.</param>
    /// <param name="length">Bytes of request, with OK.</param>
    /// <returns>
    /// OK; EINTR when a signal came first; EAGAIN when there is no request and the channel only looks; ENODEV when the
    /// filesystem was unmounted or the peer is gone; ECONNABORTED when the connection was aborted; anything else says
    /// that the descriptor is of no use.
    /// </returns>
    public Errno Read(Span<byte> buffer, out int length)
    {
        while (true)
        {
            Errno error = Libc.Read(descriptor, buffer, out length);
            switch (error)
            {
                case Errno.OK:
                    return length == 0 ? Errno.ENODEV : Errno.OK;

                // The caller gave up between the queue and this read; the next request is another one.
                case Errno.ENOENT:
                    continue;

                case Errno.EAGAIN:
                    if (!waits) return error;
                    // Another process has the same open file and set O_NONBLOCK.
                    error = WaitFor(PollEvents.Readable);
                    if (error != Errno.OK) return error;
                    continue;

                case Errno.ECONNRESET:
                    return Errno.ENODEV;

                default:
                    return error;
            }
        }
    }

    /// <summary>Writes one reply or notification.</summary>
    /// <param name="vectors">The header first. One byte of every page they name is read before the call.</param>
    /// <returns>
    /// OK; ENOENT when the kernel has given the request up; EINVAL when the kernel takes it for malformed; for a
    /// notification also what the kernel thinks of it.
    /// </returns>
    public Errno Write(ReadOnlySpan<IoVector> vectors)
    {
        foreach (IoVector vector in vectors) Touch(vector);
        Errno error;
        do
        {
            error = Libc.WriteVector(descriptor, vectors, out _);
        }
        while (ShallRetry(ref error));
        return error;
    }

    /// <summary>Writes one message that lies in one piece, such as a notification.</summary>
    /// <returns>As <see cref="Write(ReadOnlySpan{IoVector})"/>.</returns>
    public Errno Write(ReadOnlySpan<byte> message)
    {
        Errno error;
        do
        {
            error = Libc.Write(descriptor, message, out _);
        }
        while (ShallRetry(ref error));
        return error;
    }

    /// <summary>Closes the descriptor. No thread may be using it.</summary>
    public void Dispose()
    {
        int closing = Interlocked.Exchange(ref descriptor, -1);
        if (closing >= 0) _ = Libc.Close(closing);
    }

    /// <summary>What an error of write(2) means: to try again, or that the peer is gone.</summary>
    private bool ShallRetry(ref Errno error)
    {
        switch (error)
        {
            case Errno.EINTR:
                return true;

            // A full socket; /dev/fuse takes every message at once.
            case Errno.EAGAIN:
                _ = WaitFor(PollEvents.Writable);
                return true;

            case Errno.ENODEV or Errno.ECONNABORTED or Errno.EPIPE or Errno.ECONNRESET or Errno.ENOTCONN:
                error = Errno.ENOENT;
                return false;

            default:
                return false;
        }
    }

    private Errno WaitFor(PollEvents events)
    {
        PollDescriptor waiting = new(descriptor, events);
        return Libc.Poll(new Span<PollDescriptor>(ref waiting), -1, out _);
    }

    /// <summary>
    /// Reads one byte of every page. A process killed while the kernel copies from a page it has not mapped leaves
    /// the caller with EIO, and no successor can mend that.
    /// </summary>
    private static unsafe void Touch(IoVector vector)
    {
        byte* end = (byte*)vector.Address + vector.LengthInBytes;
        for (byte* page = (byte*)vector.Address; page < end; page = (byte*)(((nuint)page + PageSize) & ~(PageSize - 1)))
        {
            _ = Volatile.Read(ref *page);
        }
    }

    private const nuint PageSize = 4096;
}
