using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Dispatch;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Sessions;
using PersistFs.Linux;

namespace PersistFs.Fuse.Testing;

/// <summary>The kernel's end of a connection, played over a SOCK_SEQPACKET pair: no mount, no root.</summary>
public sealed class KernelPeer : IDisposable
{
    private const int MessageLengthMax = 192 * 1024;
    private const int PatienceInMilliseconds = 20_000;

    private readonly NativeBuffers buffers = new();
    private readonly byte[] received = new byte[MessageLengthMax];
    private int socket;
    private ulong lastUnique;

    /// <summary>Connects to a session that has not started.</summary>
    public KernelPeer(
        IFileSystem fileSystem, SessionOptions options, Negotiated? inherited = null)
    {
        Errno error = Libc.SocketPair(UnixSocketKind.SequencedPacket, out socket, out int theirs);
        if (error != Errno.OK) throw new IOException($"No socket pair: {error}.");
        Channel = new Channel(theirs);
        Session = new Session(Channel, fileSystem, options, buffers, inherited);
    }

    /// <summary>INIT flags this kernel offers: all there are.</summary>
    public const InitFlags OfferAll = (InitFlags)0x7fd73fffffb;

    /// <summary>The server's end.</summary>
    public Channel Channel { get; }

    /// <summary>What serves.</summary>
    public Session Session { get; }

    /// <summary>Starts the session and agrees on everything it asks for.</summary>
    public KernelPeer Begin()
    {
        Session.Start();
        KernelReply reply = Exchange(Init(minor: 45, OfferAll));
        return reply.Error == Errno.OK ? this : throw new IOException($"INIT was answered with {reply.Error}.");
    }

    /// <summary>An INIT request.</summary>
    public static KernelRequestBuilder Init(uint minor, InitFlags offer, uint major = Negotiated.Major) =>
        new KernelRequestBuilder(Opcode.Init, NodeId.None).With(new InitIn
        {
            Major = major,
            Minor = minor,
            MaxReadaheadInBytes = 128 * 1024,
            Flags = (uint)offer,
            Flags2 = (uint)((ulong)offer >> 32),
        });

    /// <summary>Sends a request, numbered as the kernel numbers: even and rising.</summary>
    /// <returns>Its number.</returns>
    public ulong Send(KernelRequestBuilder request, ulong uniqueBits = 0)
    {
        lastUnique += 2;
        Send(request.WithUnique(lastUnique | uniqueBits).Build());
        return lastUnique | uniqueBits;
    }

    /// <summary>Sends bytes as they are.</summary>
    public void Send(ReadOnlySpan<byte> message)
    {
        Errno error = Libc.Write(socket, message, out _);
        if (error != Errno.OK) throw new IOException($"The request was not taken: {error}.");
    }

    /// <summary>Waits for a message.</summary>
    /// <exception cref="TimeoutException">None came.</exception>
    public KernelReply Receive() =>
        TryReceive(PatienceInMilliseconds) ?? throw new TimeoutException("There was no reply.");

    /// <summary>The next message, or null when there is none after so long.</summary>
    public KernelReply? TryReceive(int milliseconds)
    {
        PollDescriptor waiting = new(socket, PollEvents.Readable);
        Errno error = Libc.Poll(new Span<PollDescriptor>(ref waiting), milliseconds, out int ready);
        if (error != Errno.OK || ready == 0) return null;
        error = Libc.Read(socket, received, out int length);
        if (error != Errno.OK || length == 0) throw new IOException($"The server is gone: {error}.");
        return new KernelReply(received[..length]);
    }

    /// <summary>Sends a request and takes its reply, which has to bear its number.</summary>
    public KernelReply Exchange(KernelRequestBuilder request, ulong uniqueBits = 0)
    {
        ulong unique = Send(request, uniqueBits);
        KernelReply reply = Receive();
        if (reply.Header.Unique == unique) return reply;
        throw new InvalidDataException($"{request.Opcode} {unique} was answered as {reply.Header.Unique}.");
    }

    /// <summary>Goes away, as a connection does at unmount.</summary>
    public void Close()
    {
        if (socket >= 0) _ = Libc.Close(socket);
        socket = -1;
    }

    /// <summary>Ends the session and gives everything back.</summary>
    public void Dispose()
    {
        Close();
        Session.Stop();
        Channel.Dispose();
        buffers.Dispose();
    }
}
