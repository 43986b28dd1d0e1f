using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Sessions;
using PersistFs.Fuse.Testing;
using PersistFs.Fuse.Tests.Requests;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Sessions;

/// <summary>
/// A frozen session: what changes the tree waits, what reads is served, and no worker is ever lost to it.
/// </summary>
public sealed class FreezeTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly HashSet<Opcode> Changing =
    [
        Opcode.SetAttributes, Opcode.SymbolicLink, Opcode.MakeNode, Opcode.MakeDirectory, Opcode.Unlink,
        Opcode.RemoveDirectory, Opcode.Rename, Opcode.Rename2, Opcode.Link, Opcode.Create, Opcode.TemporaryFile,
        Opcode.Write, Opcode.Allocate, Opcode.CopyFileRange, Opcode.CopyFileRange64, Opcode.SetXattr,
        Opcode.RemoveXattr, Opcode.Ioctl,
    ];

    private readonly RecordingFileSystem fileSystem = new();
    private readonly KernelPeer peer;

    public FreezeTests() =>
        peer = new KernelPeer(fileSystem, new SessionOptions { WorkerCount = 1, PagesMax = 1 }).Begin();

    public void Dispose() => peer.Dispose();

    [Fact]
    public void Every_operation_that_changes_the_tree_waits_and_every_other_is_served()
    {
        peer.Session.Freeze(FreezeScope.AllButCachedWrites, Long);
        int waiting = 0;
        foreach (SampleRequest sample in SampleRequest.All.Where(HasReply))
        {
            if (Changing.Contains(sample.Opcode))
            {
                peer.Send(sample.ToBuilder());
                waiting++;
            }
            else
            {
                Assert.NotEqual(Errno.EBUSY, peer.Exchange(sample.ToBuilder()).Error);
            }
        }
        // One worker has read all of them, for it has answered what came after.
        Assert.NotEqual(Errno.EBUSY, peer.Exchange(Of(Opcode.StatFs)).Error);
        Assert.Equal(Changing.Count, waiting);
        Assert.Equal(waiting, peer.Session.ReadFreezeCounters().Waiting);
        Assert.DoesNotContain(fileSystem.Calls, call => call.StartsWith("Make", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_waits_is_served_after_the_thaw_as_if_it_had_just_come()
    {
        peer.Session.Freeze(FreezeScope.All, Long);
        HashSet<ulong> waiting = [.. Enumerable.Range(0, 500).Select(_ => peer.Send(Of(Opcode.MakeDirectory)))];
        Assert.Equal(Errno.OK, peer.Exchange(Of(Opcode.StatFs)).Error);

        Task thaw = Task.Run(peer.Session.Thaw);

        while (waiting.Count > 0)
        {
            KernelReply reply = peer.Receive();
            Assert.Equal(Errno.OK, reply.Error);
            Assert.True(waiting.Remove(reply.Header.Unique));
        }
        await thaw.WaitAsync(Patience);
        Assert.Equal(500, fileSystem.Calls.Count(call => call.StartsWith("MakeDirectory", StringComparison.Ordinal)));
        Assert.Equal(Errno.OK, peer.Exchange(Of(Opcode.MakeDirectory)).Error);
        Assert.Equal(new FreezeCounters(0, 0), peer.Session.ReadFreezeCounters());
    }

    [Fact]
    public void Who_waits_too_long_gets_EBUSY_and_nothing_is_done()
    {
        peer.Session.Freeze(FreezeScope.AllButCachedWrites, TimeSpan.FromMilliseconds(1));
        Assert.Equal(Errno.EBUSY, peer.Exchange(Of(Opcode.Unlink)).Error);
        Assert.Equal(Errno.EBUSY, peer.Exchange(Of(Opcode.Rename2)).Error);
        Assert.Equal(new FreezeCounters(0, 2), peer.Session.ReadFreezeCounters());
        peer.Session.Thaw();
        Assert.DoesNotContain(fileSystem.Calls, call => call.StartsWith("Unlink", StringComparison.Ordinal));
        Assert.Equal(Errno.OK, peer.Exchange(Of(Opcode.Unlink)).Error);
    }

    [Fact]
    public void More_callers_than_there_is_room_for_get_EBUSY_at_once()
    {
        peer.Session.Freeze(FreezeScope.AllButCachedWrites, Long);
        for (int count = 0; count < 4096; count++)
        {
            peer.Send(Of(Opcode.Unlink));
            // The socket has room for so many only.
            if (count % 64 == 0) Assert.Equal(Errno.OK, peer.Exchange(Of(Opcode.StatFs)).Error);
        }
        Assert.Equal(Errno.EBUSY, peer.Exchange(Of(Opcode.Unlink)).Error);
        Assert.Equal(Errno.OK, peer.Exchange(Of(Opcode.StatFs)).Error);
    }

    [Fact]
    public void Pages_and_times_of_the_cache_pass_where_they_may()
    {
        peer.Session.Freeze(FreezeScope.AllButCachedWrites, Long);
        Assert.Equal(Errno.OK, peer.Exchange(CachedWrite).Error);
        Assert.Equal(Errno.OK, peer.Exchange(Times).Error);
    }

    [Fact]
    public void Pages_of_the_cache_are_never_refused_but_wait_for_the_thaw()
    {
        peer.Session.Freeze(FreezeScope.All, TimeSpan.FromMilliseconds(1));
        ulong write = peer.Send(CachedWrite);
        Assert.Equal(Errno.EBUSY, peer.Exchange(Times).Error);
        Assert.Equal(Errno.EBUSY, peer.Exchange(Of(Opcode.Write)).Error);
        Assert.Equal(1, peer.Session.ReadFreezeCounters().Waiting);

        peer.Session.Thaw();

        KernelReply reply = peer.Receive();
        Assert.Equal((write, Errno.OK), (reply.Header.Unique, reply.Error));
    }

    [Fact]
    public void An_interrupted_caller_waits_no_longer()
    {
        peer.Session.Freeze(FreezeScope.All, Long);
        ulong first = peer.Send(Of(Opcode.MakeDirectory));
        ulong second = peer.Send(Of(Opcode.MakeDirectory), InHeader.ResendBit);

        // The kernel numbers an interrupt as the request it is about, and one more.
        Interrupt(second & ~InHeader.ResendBit);

        KernelReply reply = peer.Receive();
        Assert.Equal((second, Errno.EINTR), (reply.Header.Unique, reply.Error));
        Interrupt(first);
        reply = peer.Receive();
        Assert.Equal((first, Errno.EINTR), (reply.Header.Unique, reply.Error));
    }

    [Fact]
    public async Task A_freeze_waits_for_what_is_under_way()
    {
        fileSystem.Gate.Reset();
        fileSystem.Waiting.Reset();
        ulong unique = peer.Send(Of(Opcode.Lookup));
        Assert.True(fileSystem.Waiting.Wait(Patience));

        Task freeze = Task.Run(() => peer.Session.Freeze(FreezeScope.All, Long));
        await Task.Delay(50);
        Assert.False(freeze.IsCompleted);
        fileSystem.Gate.Set();
        await freeze.WaitAsync(Patience);

        Assert.Equal(unique, peer.Receive().Header.Unique);
    }

    [Fact]
    public void What_waits_when_the_session_stops_is_left_to_the_successor()
    {
        peer.Session.Freeze(FreezeScope.All, TimeSpan.FromMilliseconds(200));
        peer.Send(Of(Opcode.MakeDirectory));
        Assert.Equal(Errno.OK, peer.Exchange(Of(Opcode.StatFs)).Error);

        peer.Session.Stop();

        Assert.Null(peer.TryReceive(400));
        Assert.DoesNotContain(fileSystem.Calls, call => call.StartsWith("Make", StringComparison.Ordinal));
    }

    [Fact]
    public void A_successor_can_be_frozen_before_it_reads()
    {
        Negotiated terms = new(45, InitFlags.NoOpenSupport, 4096, 4096, 1, 12, 9);
        using KernelPeer other = new(fileSystem, new SessionOptions { WorkerCount = 2, PagesMax = 1 }, terms);
        other.Session.Freeze(FreezeScope.All, Long);
        ulong resent = other.Send(Of(Opcode.MakeDirectory), InHeader.ResendBit);

        Assert.Equal(Errno.OK, other.Session.TakeOver([]));

        Assert.Equal((int)NotifyCode.Resend, other.Receive().Header.Error);
        Assert.Equal(Errno.OK, other.Exchange(Of(Opcode.StatFs)).Error);
        Assert.True(fileSystem.Replayed.Wait(Patience));
        Assert.Equal(1, other.Session.ReadFreezeCounters().Waiting);
        other.Session.Thaw();
        KernelReply reply = other.Receive();
        Assert.Equal((resent, Errno.OK), (reply.Header.Unique, reply.Error));
    }

    private static KernelRequestBuilder CachedWrite => new KernelRequestBuilder(Opcode.Write, new NodeId(5))
        .With(new WriteIn { SizeInBytes = 4, WriteFlags = WriteFlags.Cache }).WithBytes("data"u8);

    private static KernelRequestBuilder Times => new KernelRequestBuilder(Opcode.SetAttributes, new NodeId(5))
        .With(new SetAttributesIn { Valid = SetAttributesFlags.ModifyTime | SetAttributesFlags.ChangeTime });

    private static KernelRequestBuilder Of(Opcode opcode) => SampleRequest.Of(opcode).ToBuilder();

    private static bool HasReply(SampleRequest sample) =>
        sample.Opcode is not (Opcode.Forget or Opcode.BatchForget or Opcode.Interrupt or Opcode.Destroy);

    private void Interrupt(ulong unique) => peer.Send(
        new KernelRequestBuilder(Opcode.Interrupt, NodeId.None).With(new InterruptIn { Unique = unique })
            .WithUnique(unique | 1).Build());
}
