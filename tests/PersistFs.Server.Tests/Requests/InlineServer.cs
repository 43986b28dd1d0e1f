using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using PersistFs.Fuse;
using PersistFs.Fuse.Abi;
using PersistFs.Linux;
using PersistFs.Testing;
using FuseWorker = PersistFs.Fuse.Worker;

namespace PersistFs.Server.Tests.Requests;

/// <summary>A volume behind the whole hot path, served by the calling thread: bytes in, bytes out, no kernel.</summary>
internal sealed class InlineServer : IDisposable
{
    private const int HeaderUniqueOffset = 8;
    private const int MessageLengthMax = 192 * 1024;

    private readonly bool ownsArena;
    private readonly Channel channel;
    private readonly Dispatcher dispatcher;
    private readonly FuseWorker worker;
    private readonly int socket;
    private readonly byte[] received = new byte[MessageLengthMax];
    private ulong lastUnique;

    public InlineServer(TestArena? arena = null, bool isWriteback = false)
    {
        ownsArena = arena is null;
        Arena = arena ?? new TestArena();
        Arena.Volume.BeginSession();
        FileSystem = new VolumeFileSystem(Arena.Volume, workerCount: 1, NullLogger.Instance);
        Assert.Equal(Errno.OK, Libc.SocketPair(UnixSocketKind.SequencedPacket, out socket, out int theirs));
        channel = new Channel(theirs);
        SessionOptions options = new() { WorkerCount = 1, PagesMax = 16, WritebackCache = isWriteback };
        dispatcher = new Dispatcher(FileSystem, channel, options, inherited: null);
        int requestLength = FuseWorker.RequestLength(16 * 4096);
        IoVector memory = FileSystem.Provide(0, requestLength + FuseWorker.ReplyLength);
        worker = new FuseWorker(0, memory, requestLength);
        Assert.Equal(Errno.OK, Ask(KernelPeer.Init(minor: 45, KernelPeer.OfferAll)).Error);
    }

    public TestArena Arena { get; }

    public VolumeFileSystem FileSystem { get; }

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

    /// <summary>As <see cref="Serve"/>, for requests without a reply.</summary>
    public void Dispatch(Span<byte> request)
    {
        lastUnique += 2;
        MemoryMarshal.Write(request[HeaderUniqueOffset..], in lastUnique);
        request.CopyTo(worker.RequestBytes);
        dispatcher.Dispatch(worker, request.Length);
    }

    /// <summary>The outcome in the last reply.</summary>
    public Errno LastError => (Errno)(-MemoryMarshal.Read<OutHeader>(received).Error);

    /// <summary>A structure in the last reply, after its header.</summary>
    public T Last<T>() where T : unmanaged => MemoryMarshal.Read<T>(received.AsSpan(Unsafe.SizeOf<OutHeader>()));

    public void Dispose()
    {
        _ = Libc.Close(socket);
        channel.Dispose();
        if (ownsArena) Arena.Dispose();
    }
}
