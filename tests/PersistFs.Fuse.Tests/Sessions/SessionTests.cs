using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Dispatch;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Sessions;
using PersistFs.Fuse.Testing;
using PersistFs.Fuse.Tests.Requests;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Sessions;

/// <summary>Workers start, share one descriptor, stop, and are followed by others.</summary>
public sealed class SessionTests
{
    private const int Sessions = 300;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly SessionOptions OneWorker = new() { WorkerCount = 1, PagesMax = 1 };

    private static KernelRequestBuilder StatFs => SampleRequest.Of(Opcode.StatFs).ToBuilder();

    [Theory, InlineData(1), InlineData(5)]
    public async Task Stop_ends_sleeping_workers_and_leaves_the_connection(int workers)
    {
        using KernelPeer peer = new KernelPeer(
            new RecordingFileSystem(), new SessionOptions { WorkerCount = workers, PagesMax = 1 }).Begin();

        await Task.Run(peer.Session.Stop).WaitAsync(Patience);

        Assert.Equal(SessionEndReason.Stopped, (await peer.Session.Completion).Reason);
        peer.Send(StatFs);
        Assert.Null(peer.TryReceive(0));
    }

    [Fact]
    public async Task Stop_waits_for_the_request_in_hand()
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new KernelPeer(fileSystem, OneWorker).Begin();
        fileSystem.Gate.Reset();
        fileSystem.Waiting.Reset();
        ulong unique = peer.Send(SampleRequest.Of(Opcode.Lookup).ToBuilder());
        Assert.True(fileSystem.Waiting.Wait(Patience));

        Task stopping = Task.Run(peer.Session.Stop);
        Assert.False(stopping.IsCompleted);
        fileSystem.Gate.Set();
        await stopping.WaitAsync(Patience);

        Assert.Equal(unique, peer.Receive().Header.Unique);
    }

    [Fact]
    public async Task A_session_that_never_started_stops_at_once_and_cannot_start()
    {
        using KernelPeer peer = new(new RecordingFileSystem(), OneWorker);

        peer.Session.Stop();

        Assert.Equal(SessionEndReason.Stopped, (await peer.Session.Completion).Reason);
        Assert.Throws<InvalidOperationException>(peer.Session.Start);
    }

    [Fact]
    public void A_session_starts_once()
    {
        using KernelPeer peer = new KernelPeer(new RecordingFileSystem(), OneWorker).Begin();

        Assert.Throws<InvalidOperationException>(peer.Session.Start);
    }

    [Fact]
    public async Task The_peers_end_ends_the_session()
    {
        using KernelPeer peer = new KernelPeer(
            new RecordingFileSystem(), new SessionOptions { WorkerCount = 3, PagesMax = 1 }).Begin();

        peer.Close();

        Assert.Equal(SessionEndReason.Unmounted, (await peer.Session.Completion.WaitAsync(Patience)).Reason);
    }

    [Fact]
    public void Nothing_but_INIT_is_served_before_INIT()
    {
        using KernelPeer peer = new(new RecordingFileSystem(), OneWorker);
        peer.Session.Start();

        Assert.Equal(Errno.EIO, peer.Exchange(StatFs).Error);
    }

    [Fact]
    public void A_successor_asks_for_everything_again_and_serves_by_the_terms_it_inherits()
    {
        Negotiated terms = new(45, InitFlags.NoOpenSupport, 4096, 4096, 1, 12, 9);
        using KernelPeer peer = new(new RecordingFileSystem(), OneWorker, terms);

        Assert.Equal(Errno.OK, peer.Session.TakeOver([]));

        KernelReply notification = peer.Receive();
        Assert.Equal(
            (16u, (int)NotifyCode.Resend, 0UL),
            (notification.Header.LengthInBytes, notification.Header.Error, notification.Header.Unique));
        Assert.Equal(Errno.OK, peer.Exchange(StatFs).Error);
        Assert.Equal(Errno.ENOSYS, peer.Exchange(SampleRequest.Of(Opcode.Open).ToBuilder()).Error);

        // SETXATTR in its short form, for the extended one was not agreed on.
        Assert.Equal(Errno.OK, peer.Exchange(
            new KernelRequestBuilder(Opcode.SetXattr, NodeId.Root).With(new GetXattrIn { SizeInBytes = 1 })
                .WithName("user.a").WithBytes("v"u8)).Error);
    }

    [Fact]
    public void Without_open_files_OPEN_OPENDIR_and_CREATE_are_answered_with_ENOSYS()
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new KernelPeer(fileSystem, OneWorker).Begin();

        Assert.Equal(Errno.ENOSYS, peer.Exchange(SampleRequest.Of(Opcode.Open).ToBuilder()).Error);
        Assert.Equal(Errno.ENOSYS, peer.Exchange(SampleRequest.Of(Opcode.OpenDirectory).ToBuilder()).Error);
        Assert.Equal(Errno.ENOSYS, peer.Exchange(SampleRequest.Of(Opcode.Create).ToBuilder()).Error);
        Assert.DoesNotContain(fileSystem.Calls, call => call.StartsWith("Open", StringComparison.Ordinal));
        Assert.DoesNotContain(fileSystem.Calls, call => call.StartsWith("Create", StringComparison.Ordinal));
    }

    /// <summary>Time and again: what matters is the moment at which the session's watch goes to sleep.</summary>
    [Fact]
    public async Task Workers_serve_at_the_same_time()
    {
        for (int session = 0; session < Sessions; session++) await ServeBesideOneThatIsStuck();
    }

    private static async Task ServeBesideOneThatIsStuck()
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new KernelPeer(
            fileSystem, new SessionOptions { WorkerCount = 2, PagesMax = 1 }).Begin();
        fileSystem.Gate.Reset();
        fileSystem.Waiting.Reset();

        ulong held = peer.Send(SampleRequest.Of(Opcode.Lookup).ToBuilder());
        Assert.True(fileSystem.Waiting.Wait(Patience));
        ulong unheld = peer.Send(StatFs);
        Assert.Equal(unheld, peer.Receive().Header.Unique);
        fileSystem.Gate.Set();

        Assert.Equal(held, peer.Receive().Header.Unique);
        await Task.Run(peer.Session.Stop).WaitAsync(Patience);
    }

    [Fact]
    public void A_buffer_shows_no_request_once_it_is_served()
    {
        SpyingBuffers buffers = new();
        Assert.Equal(Errno.OK, Libc.SocketPair(UnixSocketKind.SequencedPacket, out int kernel, out int theirs));
        using Channel channel = new(theirs);
        Session session = new(channel, new RecordingFileSystem(), OneWorker, buffers);
        session.Start();

        byte[] message = KernelPeer.Init(45, KernelPeer.OfferAll).WithUnique(2).Build();
        Assert.Equal(Errno.OK, Libc.Write(kernel, message, out _));
        Assert.Equal(Errno.OK, Libc.Read(kernel, new byte[4096], out int length));
        session.Stop();

        Assert.Equal(80, length);
        Span<byte> memory = buffers.Memory.AsSpan();
        Assert.Equal(new byte[4], memory[..4]);
        Assert.Equal(message.AsSpan(4), memory[4..message.Length]);
        Assert.Equal(RequestThread.RequestLength(4096) + RequestThread.ReplyLength, (int)buffers.Memory.LengthInBytes);
        _ = Libc.Close(kernel);
        buffers.Dispose();
    }

    private sealed class SpyingBuffers : IBufferProvider, IDisposable
    {
        private readonly NativeBuffers buffers = new();

        public IoVector Memory { get; private set; }

        public IoVector Provide(int worker, int lengthInBytes) => Memory = buffers.Provide(worker, lengthInBytes);

        public void MakePresent(IoVector memory) => buffers.MakePresent(memory);

        public void Dispose() => buffers.Dispose();
    }
}
