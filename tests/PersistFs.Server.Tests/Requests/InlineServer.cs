using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Dispatch;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Testing;
using PersistFs.Linux;
using PersistFs.Server.FileSystem;

namespace PersistFs.Server.Tests.Requests;

/// <summary>A volume behind the whole hot path, served by the calling thread: bytes in, bytes out, no kernel.</summary>
internal sealed class InlineServer : IDisposable
{
    private const int HeaderUniqueOffset = 8;
    private const int MessageLengthMax = 192 * 1024;

    private readonly TestArena? arena;
    private readonly bool ownsArena;
    private readonly Channel channel;
    private readonly Dispatcher dispatcher;
    private readonly RequestThread worker;
    private int socket;
    private readonly byte[] received = new byte[MessageLengthMax];
    private ulong lastUnique;

    public InlineServer(TestArena? arena = null, bool isWriteback = false)
    {
        ownsArena = arena is null;
        this.arena = arena ?? new TestArena();
        Volume = this.arena.Volume;
        Tree.BeginSession();
        Connect(isWriteback, out channel, out socket, out dispatcher, out worker, out TreeFileSystem fileSystem);
        FileSystem = fileSystem;
        Assert.Equal(Errno.OK, Ask(KernelPeer.Init(minor: 45, KernelPeer.OfferAll)).Error);
    }

    private InlineServer(Volume volume, bool wasKilled)
    {
        Volume = volume;
        volume.DefaultTree.ResumeSession(() => wasKilled);
        Connect(isWriteback: false, out channel, out socket, out dispatcher, out worker,
            out TreeFileSystem fileSystem);
        FileSystem = fileSystem;
    }

    /// <summary>A server that goes on with the session of one that is dead. The volume is the caller's.</summary>
    public static InlineServer TakeOver(Volume volume, bool wasKilled = false) => new(volume, wasKilled);

    public TestArena Arena => arena ?? throw new InvalidOperationException("The server has only a volume.");

    public Volume Volume { get; }

    public Tree Tree => Volume.DefaultTree;

    public TreeFileSystem FileSystem { get; }

    /// <summary>Serves a request that has a reply, and takes the reply apart.</summary>
    public KernelReply Ask(KernelRequestBuilder request) => new(received[..Serve(request.Build())]);

    /// <summary>Serves a request that has no reply.</summary>
    public void Tell(KernelRequestBuilder request) => Dispatch(request.Build());

    /// <summary>Serves a request in place; allocates nothing itself.</summary>
    /// <returns>Bytes of the reply.</returns>
    public int Serve(Span<byte> request)
    {
        Dispatch(request);
        return Libc.Read(socket, received, out int length) == Errno.OK ? length : throw new IOException("no reply");
    }

    /// <summary>Serves a request under a number of its own, and gives the reply's bytes.</summary>
    public byte[] ServeAs(ulong unique, KernelRequestBuilder request)
    {
        DispatchAs(unique, request.Build());
        return Libc.Read(socket, received, out int length) == Errno.OK
            ? received[..length]
            : throw new IOException("no reply");
    }

    /// <summary>As <see cref="Serve"/>, for requests without a reply.</summary>
    public void Dispatch(Span<byte> request)
    {
        lastUnique += 2;
        DispatchAs(lastUnique, request);
    }

    /// <summary>
    /// As <see cref="Dispatch"/>, under a number of its own; the reply, if any, is left in the socket.
    /// </summary>
    public void DispatchAs(ulong unique, Span<byte> request)
    {
        MemoryMarshal.Write(request[HeaderUniqueOffset..], in unique);
        request.CopyTo(worker.RequestBytes);
        Assert.True(Request.TryParse(worker.RequestBytes[..request.Length], out Request parsed));
        dispatcher.Dispatch(worker, ref parsed);
        // As the session does when a request is done.
        Dispatcher.MarkServed(worker.RequestBytes);
    }

    /// <summary>From now on nobody takes replies.</summary>
    public void LoseReplies()
    {
        _ = Libc.Close(socket);
        socket = -1;
    }

    /// <summary>The outcome in the last reply.</summary>
    public Errno LastError => (Errno)(-MemoryMarshal.Read<OutHeader>(received).Error);

    /// <summary>A structure in the last reply, after its header.</summary>
    public T Last<T>() where T : unmanaged => MemoryMarshal.Read<T>(received.AsSpan(Unsafe.SizeOf<OutHeader>()));

    public void Dispose()
    {
        if (socket >= 0) LoseReplies();
        channel.Dispose();
        if (ownsArena) Arena.Dispose();
    }

    private void Connect(
        bool isWriteback, out Channel channel, out int socket, out Dispatcher dispatcher, out RequestThread worker,
        out TreeFileSystem fileSystem)
    {
        fileSystem = new TreeFileSystem(Volume.DefaultTree, workerCount: 1, NullLogger.Instance);
        Assert.Equal(Errno.OK, Libc.SocketPair(UnixSocketKind.SequencedPacket, out socket, out int theirs));
        channel = new Channel(theirs);
        SessionOptions options = new() { WorkerCount = 1, PagesMax = 16, WritebackCache = isWriteback };
        dispatcher = new Dispatcher(fileSystem, channel, options, inherited: fileSystem.Negotiated);
        int requestLength = RequestThread.RequestLength(16 * 4096);
        IoVector memory = fileSystem.Provide(0, requestLength + RequestThread.ReplyLength);
        worker = new RequestThread(0, memory, requestLength);
    }
}
