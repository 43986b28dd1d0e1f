using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Dispatch;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Sessions;
using PersistFs.Fuse.Testing;
using PersistFs.Fuse.Tests.Requests;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Sessions;

/// <summary>What a dead server's workers had in hand is served where the kernel does not send it again.</summary>
public sealed class RequestInHandTests : IDisposable
{
    private readonly RecordingFileSystem fileSystem = new();
    private readonly NativeBuffers buffers = new();
    private readonly KernelPeer peer;

    public RequestInHandTests() => peer = new KernelPeer(
        fileSystem,
        new SessionOptions { WorkerCount = 1, PagesMax = 1 },
        new Negotiated(45, InitFlags.NoOpenSupport, 4096, 4096, 1, 12, 9));

    public void Dispose()
    {
        peer.Dispose();
        buffers.Dispose();
    }

    [Fact]
    public void What_was_forgotten_is_forgotten_before_anything_is_asked_for()
    {
        RequestInHand one = Leave(5, SampleRequest.Of(Opcode.Forget).ToBuilder().WithUnique(40).Build());
        RequestInHand many = Leave(300, SampleRequest.Of(Opcode.BatchForget).ToBuilder().WithUnique(42).Build());

        TakeOver(one, many);

        Assert.Equal(["Forget 5 3", "Forget 8 1", "Forget 9 2"], fileSystem.Calls);
        Assert.Equal([5, 300], from context in fileSystem.Forgetful select context.Worker);
        Assert.Equal([40UL, 42UL], from context in fileSystem.Forgetful select context.Unique);
        SessionCounters counters = peer.Session.ReadCounters();
        Assert.Equal((1UL, 1UL), (counters.RequestsOf(Opcode.Forget), counters.RequestsOf(Opcode.BatchForget)));
    }

    [Fact]
    public void What_was_forgotten_is_forgotten_once()
    {
        RequestInHand one = Leave(5, SampleRequest.Of(Opcode.Forget).ToBuilder().WithUnique(40).Build());

        TakeOver(one);
        TakeOver(one);

        Assert.Single(fileSystem.Calls, "Forget 5 3");
        Assert.Equal(new byte[4], one.Memory.AsSpan()[..4]);
    }

    [Fact]
    public void What_was_forgotten_is_forgotten_also_where_nothing_can_be_sent_again()
    {
        RequestInHand one = Leave(5, SampleRequest.Of(Opcode.Forget).ToBuilder().WithUnique(40).Build());

        Assert.Equal(Errno.EINVAL, peer.Session.TakeOver([one], canResend: false));
        Assert.Equal(["Forget 5 3"], fileSystem.Calls);
        peer.Session.Start();

        Assert.Equal(Errno.OK, peer.Exchange(SampleRequest.Of(Opcode.StatFs).ToBuilder()).Error);
        // The request that shows that nothing is sent again is answered before that is told.
        Assert.True(SpinWait.SpinUntil(() => fileSystem.Calls.Contains("ReplayEnded"), TimeSpan.FromSeconds(10)));
        Assert.Equal("Forget 5 3", fileSystem.Calls.First());
        Assert.Single(fileSystem.Calls, "ReplayEnded");
    }

    [Fact]
    public void What_has_a_reply_is_left_to_the_kernel()
    {
        foreach (SampleRequest sample in SampleRequest.All)
        {
            if (sample.Opcode is Opcode.Forget or Opcode.BatchForget or Opcode.Interrupt) continue;
            byte[] message = sample.ToBuilder().WithUnique(40).Build();
            RequestInHand one = Leave(5, message);
            TakeOver(one);
            Assert.Equal(message, one.Memory.AsSpan()[..message.Length]);
        }
        Assert.Empty(fileSystem.Calls);
    }

    [Fact]
    public void A_worker_without_a_request_leaves_nothing()
    {
        byte[] served = SampleRequest.Of(Opcode.Forget).ToBuilder().WithUnique(40).Build();
        served.AsSpan()[..4].Clear();

        TakeOver(Leave(5, served));

        Assert.Empty(fileSystem.Calls);
        Assert.Equal(0UL, peer.Session.ReadCounters().Requests);
    }

    [Theory, InlineData(1u), InlineData(39u), InlineData(40u), InlineData(47u), InlineData(49u), InlineData(8193u),
     InlineData(uint.MaxValue)]
    public void A_length_that_cannot_be_is_counted_and_cleared(uint length)
    {
        RequestInHand one = Leave(
            5, SampleRequest.Of(Opcode.Forget).ToBuilder().WithUnique(40).WithLengthInHeader(length).Build());

        TakeOver(one);

        // A FORGET of 49 bytes is a FORGET and a byte that means nothing.
        Assert.Equal(length == 49 ? ["Forget 5 3"] : Array.Empty<string>(), fileSystem.Calls);
        Assert.Equal(length == 49 ? 0UL : 1UL, peer.Session.ReadCounters().Malformed);
        Assert.Equal(new byte[4], one.Memory.AsSpan()[..4]);
    }

    [Fact]
    public void More_forgotten_than_the_request_has_room_for_is_not_forgotten()
    {
        RequestInHand one = Leave(
            5,
            new KernelRequestBuilder(Opcode.BatchForget, NodeId.None)
                .With(new BatchForgetIn { Count = uint.MaxValue })
                .With(new ForgetOne { NodeId = new NodeId(8), LookupCount = 1 }).Build());

        TakeOver(one);

        Assert.Empty(fileSystem.Calls);
        Assert.Equal(1UL, peer.Session.ReadCounters().Malformed);
        Assert.Equal(new byte[4], one.Memory.AsSpan()[..4]);
    }

    /// <summary>Takes over where nobody is left to be asked: what is done nonetheless was done before.</summary>
    private void TakeOver(params RequestInHand[] inHand)
    {
        peer.Close();
        Assert.Equal(Errno.ENOENT, peer.Session.TakeOver(inHand));
    }

    private RequestInHand Leave(int worker, byte[] message)
    {
        IoVector memory = buffers.Provide(worker, 2 * 4096);
        message.CopyTo(memory.AsSpan());
        return new RequestInHand(worker, memory);
    }
}
