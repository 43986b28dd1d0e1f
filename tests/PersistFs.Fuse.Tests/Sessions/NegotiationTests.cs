using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Sessions;
using PersistFs.Fuse.Testing;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Sessions;

/// <summary>INIT: what is asked for, what is done without, what is refused.</summary>
public sealed class NegotiationTests
{
    private const InitFlags Never = InitFlags.AtomicTruncate | InitFlags.AutoInvalidateData | InitFlags.RequestTimeout
        | InitFlags.OverIoUring | InitFlags.PosixLocks | InitFlags.FlockLocks | InitFlags.Passthrough
        | InitFlags.HandleKillPrivileges | InitFlags.NoExportSupport;

    private static InitOut Negotiate(
        SessionOptions options, uint minor = 45, InitFlags offer = KernelPeer.OfferAll, int? sentBytes = null)
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new(fileSystem, options with { WorkerCount = 1 });
        peer.Session.Start();
        KernelRequestBuilder request = KernelPeer.Init(minor, offer);
        if (sentBytes is { } bytes)
        {
            byte[] body = request.Build()[40..(40 + bytes)];
            request = new KernelRequestBuilder(Opcode.Init, NodeId.None).WithBytes(body);
        }
        KernelReply reply = peer.Exchange(request);
        Assert.Equal(Errno.OK, reply.Error);
        Assert.NotNull(fileSystem.Terms);
        return reply.Read<InitOut>();
    }

    private static InitFlags FlagsOf(InitOut reply) => (InitFlags)(reply.Flags | ((ulong)reply.Flags2 << 32));

    [Fact]
    public void The_default_keeps_everything_cached_and_opens_nothing()
    {
        InitOut reply = Negotiate(new SessionOptions());

        Assert.Equal((7u, 45u), (reply.Major, reply.Minor));
        Assert.Equal((1u << 20, 256, 1u), (reply.MaxWriteInBytes, reply.MaxPages, reply.TimeGranularityInNanoseconds));
        Assert.Equal((64, 48), (reply.MaxBackground, reply.CongestionThreshold));
        Assert.Equal((0, 0u), (reply.RequestTimeoutInSeconds, reply.MaxStackDepth));
        Assert.Equal(
            InitFlags.AsyncRead | InitFlags.ExportSupport | InitFlags.BigWrites | InitFlags.DontMask
            | InitFlags.DoReadDirectoryPlus | InitFlags.ReadDirectoryPlusAuto
            | InitFlags.WritebackCache | InitFlags.NoOpenSupport | InitFlags.ParallelDirectoryOperations
            | InitFlags.PosixAcl | InitFlags.AbortError | InitFlags.MaxPages | InitFlags.CacheSymbolicLinks
            | InitFlags.NoOpenDirectorySupport | InitFlags.ExplicitInvalidateData | InitFlags.HandleKillPrivilegesV2
            | InitFlags.SetXattrExtended | InitFlags.InitExtended | InitFlags.CreateSupplementaryGroup
            | InitFlags.DirectIoAllowMap | InitFlags.HasResend,
            FlagsOf(reply));
    }

    [Fact]
    public void Options_leave_flags_out()
    {
        InitFlags flags = FlagsOf(Negotiate(new SessionOptions
        {
            WritebackCache = false,
            NoOpen = false,
            PosixAcl = false,
            ExportSupport = false,
            CachesSymbolicLinks = false,
            ReadDirectoryPlus = ReadDirectoryPlusMode.Never,
        }));

        Assert.Equal(
            InitFlags.None,
            flags & (InitFlags.WritebackCache | InitFlags.NoOpenSupport | InitFlags.NoOpenDirectorySupport
                | InitFlags.PosixAcl | InitFlags.DontMask | InitFlags.ExportSupport | InitFlags.CacheSymbolicLinks
                | InitFlags.DoReadDirectoryPlus | InitFlags.ReadDirectoryPlusAuto));
    }

    [Fact]
    public void Readdirplus_can_be_had_always()
    {
        InitFlags flags = FlagsOf(Negotiate(new SessionOptions { ReadDirectoryPlus = ReadDirectoryPlusMode.Always }));

        Assert.Equal(
            InitFlags.DoReadDirectoryPlus, flags & (InitFlags.DoReadDirectoryPlus | InitFlags.ReadDirectoryPlusAuto));
    }

    [Fact]
    public void Direct_io_can_be_asynchronous() =>
        Assert.Equal(
            InitFlags.AsyncDirectIo,
            FlagsOf(Negotiate(new SessionOptions { AsyncDirectIo = true })) & InitFlags.AsyncDirectIo);

    [Theory, InlineData(true), InlineData(false)]
    public void Some_things_are_never_asked_for(bool noOpen) =>
        Assert.Equal(InitFlags.None, FlagsOf(Negotiate(new SessionOptions { NoOpen = noOpen })) & Never);

    [Theory, InlineData(31u), InlineData(35u), InlineData(38u), InlineData(46u), InlineData(99u)]
    public void The_lower_revision_is_spoken(uint minor) =>
        Assert.Equal(Math.Min(minor, Negotiated.MinorMax), Negotiate(new SessionOptions(), minor).Minor);

    [Fact]
    public void Nothing_is_chosen_that_is_not_offered()
    {
        InitFlags offer = InitFlags.AsyncRead | InitFlags.BigWrites | InitFlags.MaxPages;

        Assert.Equal(offer, FlagsOf(Negotiate(new SessionOptions(), 31, offer)));
    }

    [Fact]
    public void A_short_INIT_of_an_old_kernel_is_understood()
    {
        InitOut reply = Negotiate(new SessionOptions(), 31, KernelPeer.OfferAll & (InitFlags)0x3FFFFFFF, sentBytes: 16);

        Assert.Equal(0u, reply.Flags2);
    }

    [Fact]
    public void The_upper_half_counts_only_when_it_is_announced()
    {
        InitFlags flags = FlagsOf(Negotiate(new SessionOptions(), 45, KernelPeer.OfferAll & ~InitFlags.InitExtended));

        Assert.Equal(InitFlags.None, flags & InitFlags.HasResend);
    }

    [Theory, InlineData(7u, 30u), InlineData(6u, 99u)]
    public async Task An_older_kernel_is_refused_and_told_why(uint major, uint minor)
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new(fileSystem, new SessionOptions { WorkerCount = 3 });
        peer.Session.Start();

        KernelReply reply = peer.Exchange(KernelPeer.Init(minor, KernelPeer.OfferAll, major));
        SessionEnd end = await peer.Session.Completion.WaitAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(Errno.EPROTO, reply.Error);
        Assert.Equal(SessionEndReason.Refused, end.Reason);
        Assert.Contains($"FUSE {major}.{minor}", end.Message, StringComparison.Ordinal);
        Assert.Null(fileSystem.Terms);
    }

    [Fact]
    public void A_later_protocol_is_told_which_one_is_spoken_and_begins_anew()
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new(fileSystem, new SessionOptions { WorkerCount = 1 });
        peer.Session.Start();

        KernelReply first = peer.Exchange(KernelPeer.Init(1, KernelPeer.OfferAll, major: 8));
        Assert.Equal((Errno.OK, 7u), (first.Error, first.Read<InitOut>().Major));
        Assert.Null(fileSystem.Terms);

        Assert.Equal(45u, peer.Exchange(KernelPeer.Init(45, KernelPeer.OfferAll)).Read<InitOut>().Minor);
        Assert.NotNull(fileSystem.Terms);
    }

    [Fact]
    public void An_INIT_sent_again_is_answered_again_and_the_same()
    {
        using KernelPeer peer = new(new RecordingFileSystem(), new SessionOptions { WorkerCount = 1 });
        peer.Session.Start();

        byte[] first = peer.Exchange(KernelPeer.Init(45, KernelPeer.OfferAll)).Body;
        byte[] second = peer.Exchange(KernelPeer.Init(45, KernelPeer.OfferAll), InHeader.ResendBit).Body;

        Assert.Equal(first, second);
    }

    [Theory, InlineData(0, 1), InlineData(257, 1), InlineData(1, 0), InlineData(1, 4097)]
    public void Options_out_of_bounds_are_refused(int workers, int pages) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new KernelPeer(
            new RecordingFileSystem(), new SessionOptions { WorkerCount = workers, PagesMax = (ushort)pages }));
}
