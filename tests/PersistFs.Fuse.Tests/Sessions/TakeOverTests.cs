using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Sessions;
using PersistFs.Fuse.Testing;
using PersistFs.Fuse.Tests.Requests;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Sessions;

/// <summary>A session follows one that died: what was in hand first, once, and by one worker.</summary>
public sealed class TakeOverTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly SessionOptions OneWorker = new() { WorkerCount = 1, PagesMax = 1 };

    private static readonly SessionOptions ThreeWorkers = new() { WorkerCount = 3, PagesMax = 1 };

    private static readonly Negotiated Terms = new(45, InitFlags.NoOpenSupport, 4096, 4096, 1, 12, 9);

    private static KernelRequestBuilder Lookup => SampleRequest.Of(Opcode.Lookup).ToBuilder();

    private static KernelRequestBuilder StatFs => SampleRequest.Of(Opcode.StatFs).ToBuilder();

    [Fact]
    public void The_replay_ends_with_the_first_request_that_is_not_sent_again()
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new(fileSystem, ThreeWorkers, Terms);
        ulong first = peer.Send(Lookup, InHeader.ResendBit);
        ulong second = peer.Send(SampleRequest.Of(Opcode.Unlink).ToBuilder(), InHeader.ResendBit);
        ulong third = peer.Send(StatFs);

        Assert.Equal(Errno.OK, peer.Session.TakeOver([]));

        AssertResendIsAskedFor(peer);
        Assert.Equal([first, second, third], from _ in Enumerable.Range(0, 3) select peer.Receive().Header.Unique);
        Assert.True(fileSystem.Replayed.Wait(Patience));
        Assert.Equal(
            ["Lookup name", "Completed", "Unlink name", "Completed", "GetFileSystemStatus", "Completed", "ReplayEnded"],
            fileSystem.Calls);
        Assert.Equal(2UL, peer.Session.ReadCounters().Resent);
    }

    [Fact]
    public void The_replay_ends_at_once_where_nothing_was_in_hand()
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new(
            fileSystem, new SessionOptions { WorkerCount = 2, PagesMax = 1 }, Terms);

        Assert.Equal(Errno.OK, peer.Session.TakeOver([]));

        AssertResendIsAskedFor(peer);
        Assert.True(fileSystem.Replayed.Wait(Patience));

        // Both workers serve now, and wait for what they serve.
        fileSystem.Gate.Reset();
        ulong held = peer.Send(Lookup);
        Assert.True(fileSystem.Waiting.Wait(Patience));
        Assert.Equal(Errno.OK, peer.Exchange(StatFs).Error);
        fileSystem.Gate.Set();
        Assert.Equal(held, peer.Receive().Header.Unique);
        Assert.Single(fileSystem.Calls, "ReplayEnded");
    }

    [Fact]
    public void What_has_no_reply_does_not_end_the_replay()
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new(fileSystem, OneWorker, Terms);
        peer.Send(SampleRequest.Of(Opcode.Interrupt).ToBuilder());
        peer.Send(SampleRequest.Of(Opcode.Forget).ToBuilder());
        peer.Send(Lookup, InHeader.ResendBit);

        Assert.Equal(Errno.OK, peer.Session.TakeOver([]));

        Assert.True(fileSystem.Replayed.Wait(Patience));
        Assert.Equal(["Forget 5 3", "Lookup name", "Completed", "ReplayEnded"], fileSystem.Calls);
    }

    [Fact]
    public void Many_requests_sent_again_are_served_by_one_worker_in_order()
    {
        const int Count = 200;
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new(fileSystem, ThreeWorkers, Terms);
        ulong[] sent = [.. from _ in Enumerable.Range(0, Count) select peer.Send(StatFs, InHeader.ResendBit)];

        Assert.Equal(Errno.OK, peer.Session.TakeOver([]));

        AssertResendIsAskedFor(peer);
        Assert.Equal(sent, from _ in Enumerable.Range(0, Count) select peer.Receive().Header.Unique);
        Assert.True(fileSystem.Replayed.Wait(Patience));
        Assert.Equal((2 * Count) + 1, fileSystem.Calls.Count);
        Assert.Equal("ReplayEnded", fileSystem.Calls.Last());
    }

    [Fact]
    public async Task Stop_leaves_the_rest_of_a_replay_to_the_next_successor()
    {
        RecordingFileSystem fileSystem = new();
        fileSystem.Gate.Reset();
        using KernelPeer peer = new(fileSystem, ThreeWorkers, Terms);
        peer.Send(Lookup, InHeader.ResendBit);
        peer.Send(SampleRequest.Of(Opcode.Unlink).ToBuilder(), InHeader.ResendBit);
        Assert.Equal(Errno.OK, peer.Session.TakeOver([]));
        Assert.True(fileSystem.Waiting.Wait(Patience));

        StopWhile(peer.Session, () => fileSystem.Gate.Set());
        Assert.Equal(SessionEndReason.Stopped, (await peer.Session.Completion.WaitAsync(Patience)).Reason);
        Assert.Equal(["Lookup name", "Completed"], fileSystem.Calls);

        using NativeBuffers buffers = new();
        Session next = new(peer.Channel, fileSystem, ThreeWorkers, buffers, Terms);
        Assert.Equal(Errno.OK, next.TakeOver([]));
        Assert.True(fileSystem.Replayed.Wait(Patience));
        await Task.Run(next.Stop).WaitAsync(Patience);
        Assert.Equal(["Lookup name", "Completed", "Unlink name", "Completed", "ReplayEnded"], fileSystem.Calls);
    }

    [Fact]
    public async Task A_connection_that_ends_in_the_replay_ends_the_session()
    {
        RecordingFileSystem fileSystem = new();
        fileSystem.Gate.Reset();
        using KernelPeer peer = new(fileSystem, ThreeWorkers, Terms);
        peer.Send(Lookup, InHeader.ResendBit);
        Assert.Equal(Errno.OK, peer.Session.TakeOver([]));
        Assert.True(fileSystem.Waiting.Wait(Patience));

        peer.Close();
        fileSystem.Gate.Set();

        Assert.Equal(SessionEndReason.Unmounted, (await peer.Session.Completion.WaitAsync(Patience)).Reason);
        Assert.Equal(["Lookup name", "Forget 7 1", "Completed undelivered"], fileSystem.Calls);
    }

    [Fact]
    public async Task A_session_that_took_over_ends_with_its_last_worker()
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new(fileSystem, ThreeWorkers, Terms);
        Assert.Equal(Errno.OK, peer.Session.TakeOver([]));
        Assert.True(SpinWait.SpinUntil(() => peer.Session.ServingCount == 3, Patience));
        fileSystem.Gate.Reset();
        peer.Send(Lookup);
        Assert.True(fileSystem.Waiting.Wait(Patience));

        peer.Close();
        Assert.True(SpinWait.SpinUntil(() => peer.Session.ServingCount == 1, Patience));
        Assert.False(peer.Session.Completion.IsCompleted);
        fileSystem.Gate.Set();

        Assert.Equal(SessionEndReason.Unmounted, (await peer.Session.Completion.WaitAsync(Patience)).Reason);
    }

    [Fact]
    public async Task A_kernel_that_refuses_leaves_the_session_to_be_started()
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new(fileSystem, OneWorker, Terms);
        peer.Close();

        Assert.Equal(Errno.ENOENT, peer.Session.TakeOver([]));
        Assert.False(peer.Session.Completion.IsCompleted);
        peer.Session.Start();

        Assert.Equal(SessionEndReason.Unmounted, (await peer.Session.Completion.WaitAsync(Patience)).Reason);
        Assert.Empty(fileSystem.Calls);
    }

    [Fact]
    public async Task A_session_that_was_refused_can_be_stopped()
    {
        using KernelPeer peer = new(new RecordingFileSystem(), OneWorker, Terms);
        peer.Close();
        Assert.Equal(Errno.ENOENT, peer.Session.TakeOver([]));

        await Task.Run(peer.Session.Stop).WaitAsync(Patience);

        Assert.Equal(SessionEndReason.Stopped, (await peer.Session.Completion).Reason);
        Assert.Throws<InvalidOperationException>(() => peer.Session.TakeOver([]));
    }

    [Theory, InlineData(0UL), InlineData(InHeader.ResendBit)]
    public void An_INIT_whose_answer_was_kept_is_answered_the_same_whatever_is_wanted_now(ulong uniqueBits)
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new(fileSystem, new SessionOptions { WorkerCount = 3, PagesMax = 16 }, Terms);
        peer.Send(KernelPeer.Init(45, KernelPeer.OfferAll), uniqueBits);

        Assert.Equal(Errno.OK, peer.Session.TakeOver([]));

        AssertResendIsAskedFor(peer);
        InitOut answer = peer.Receive().Read<InitOut>();
        Assert.Equal(
            ((uint)InitFlags.NoOpenSupport, 4096u, 1, 12),
            (answer.Flags, answer.MaxWriteInBytes, answer.MaxPages, answer.MaxBackground));
        Assert.True(fileSystem.Replayed.Wait(Patience));
        Assert.Equal(["Initialize", "ReplayEnded"], fileSystem.Calls);
        Assert.Equal(Terms, fileSystem.Terms);
    }

    [Theory, InlineData(0UL), InlineData(InHeader.ResendBit)]
    public void An_INIT_never_answered_is_agreed_on_in_the_replay(ulong uniqueBits)
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new(fileSystem, ThreeWorkers);
        ulong unique = peer.Send(KernelPeer.Init(45, KernelPeer.OfferAll), uniqueBits);

        Assert.Equal(Errno.OK, peer.Session.TakeOver([]));

        AssertResendIsAskedFor(peer);
        Assert.Equal(unique, peer.Receive().Header.Unique);
        Assert.True(fileSystem.Replayed.Wait(Patience));
        Assert.Equal(["Initialize", "ReplayEnded"], fileSystem.Calls);
        Assert.Equal(Errno.OK, peer.Exchange(StatFs).Error);
    }

    [Fact]
    public async Task A_kernel_too_old_is_refused_in_the_replay_too()
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new(fileSystem, ThreeWorkers);
        peer.Send(KernelPeer.Init(30, KernelPeer.OfferAll), InHeader.ResendBit);

        Assert.Equal(Errno.OK, peer.Session.TakeOver([]));

        Assert.Equal(SessionEndReason.Refused, (await peer.Session.Completion.WaitAsync(Patience)).Reason);
        Assert.Empty(fileSystem.Calls);
    }

    [Fact]
    public void A_session_that_took_over_does_not_start_again()
    {
        using KernelPeer peer = new(new RecordingFileSystem(), ThreeWorkers, Terms);
        Assert.Equal(Errno.OK, peer.Session.TakeOver([]));

        Assert.Throws<InvalidOperationException>(() => peer.Session.TakeOver([]));
        Assert.Throws<InvalidOperationException>(peer.Session.Start);
    }

    private static void AssertResendIsAskedFor(KernelPeer peer) =>
        Assert.Equal((int)NotifyCode.Resend, peer.Receive().Header.Error);

    /// <summary>Stops a session, and does <paramref name="meanwhile"/> once it is told to stop.</summary>
    private static void StopWhile(Session session, Action meanwhile)
    {
        Thread stopping = new(session.Stop);
        stopping.Start();

        // Stop says so before it waits.
        Assert.True(SpinWait.SpinUntil(() => stopping.ThreadState.HasFlag(ThreadState.WaitSleepJoin), Patience));
        meanwhile();
        Assert.True(stopping.Join(Patience));
    }
}
