using System.Runtime.CompilerServices;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Testing;
using PersistFs.Fuse.Tests.Requests;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Dispatch;

/// <summary>A request refused for want of room is handled again; one executed before is recalled.</summary>
public sealed class RetryTests : IDisposable
{
    private readonly RecordingFileSystem fileSystem = new();
    private readonly KernelPeer peer;

    public RetryTests() =>
        peer = new KernelPeer(fileSystem, new SessionOptions { WorkerCount = 1, NoOpen = false }).Begin();

    public void Dispose() => peer.Dispose();

    public static TheoryData<Opcode> AwaitingRoom => OpcodesThat(row => row.AwaitsRoom);

    public static TheoryData<Opcode> NotAwaitingRoom =>
        OpcodesThat(row => !row.AwaitsRoom && row.HasReply && row.IsServed && row.Opcode is not
            (Opcode.Init or Opcode.Destroy));

    public static TheoryData<Opcode> Recalled => OpcodesThat(row => row.Recall != RecalledReply.None);

    public static TheoryData<Opcode> NotRecalled =>
        OpcodesThat(row => row.Recall == RecalledReply.None && row.HasReply && row.IsServed && row.Opcode is not
            (Opcode.Init or Opcode.Destroy));

    [Theory, MemberData(nameof(AwaitingRoom))]
    public void The_reply_after_a_wait_for_room_is_that_of_a_first_attempt(Opcode opcode)
    {
        KernelReply expected = Ask(opcode);
        fileSystem.Calls.Clear();
        fileSystem.AttemptsWithoutRoom = 3;

        KernelReply reply = Ask(opcode);

        Assert.Equal(Errno.OK, reply.Error);
        Assert.Equal(expected.Body, reply.Body);
        Assert.Equal(4, fileSystem.Calls.Count(call => call == SampleRequest.Of(opcode).Call));
    }

    [Theory, MemberData(nameof(AwaitingRoom))]
    public void Without_hope_of_room_the_caller_is_told(Opcode opcode)
    {
        fileSystem.AttemptsWithoutRoom = 10;
        fileSystem.RoomWaitsMax = 2;

        KernelReply reply = Ask(opcode);

        Assert.Equal(Errno.ENOSPC, reply.Error);
        Assert.Empty(reply.Body);
        Assert.Equal(3, fileSystem.Calls.Count(call => call == SampleRequest.Of(opcode).Call));
    }

    [Theory, MemberData(nameof(NotAwaitingRoom))]
    public void Other_requests_do_not_wait_for_room(Opcode opcode)
    {
        fileSystem.Answer = Errno.ENOSPC;

        Assert.Equal(Errno.ENOSPC, Ask(opcode).Error);
        Assert.Equal(1, fileSystem.Calls.Count(call => call == SampleRequest.Of(opcode).Call));
    }

    [Theory, MemberData(nameof(Recalled))]
    public void A_request_executed_before_is_answered_from_its_record(Opcode opcode)
    {
        KernelReply expected = Ask(opcode);
        fileSystem.Calls.Clear();
        fileSystem.IsRecorded = true;

        KernelReply reply = Ask(opcode, InHeader.ResendBit);

        Assert.Equal(Errno.OK, reply.Error);
        Assert.DoesNotContain(SampleRequest.Of(opcode).Call, fileSystem.Calls);
        // The handle is not recorded: a file system that records keeps no open files.
        int compared = Opcodes.TraitsOf(opcode).Reply == ReplyShape.EntryAndOpen
            ? Unsafe.SizeOf<EntryOut>() : expected.Body.Length;
        Assert.Equal(expected.Body.Length, reply.Body.Length);
        Assert.Equal(expected.Body.AsSpan(0, compared), reply.Body.AsSpan(0, compared));
    }

    [Theory, MemberData(nameof(Recalled))]
    public void Neither_a_first_request_nor_one_without_a_record_is_recalled(Opcode opcode)
    {
        KernelReply expected = Ask(opcode);

        KernelReply again = Ask(opcode, InHeader.ResendBit);
        fileSystem.IsRecorded = true;
        KernelReply first = Ask(opcode);

        Assert.Equal(expected.Body, again.Body);
        Assert.Equal(expected.Body, first.Body);
        Assert.Equal(3, fileSystem.Calls.Count(call => call == SampleRequest.Of(opcode).Call));
    }

    [Theory, MemberData(nameof(NotRecalled))]
    public void A_request_that_may_be_repeated_is_executed_again(Opcode opcode)
    {
        fileSystem.IsRecorded = true;

        Assert.Equal(Errno.OK, Ask(opcode, InHeader.ResendBit).Error);
        Assert.Contains(SampleRequest.Of(opcode).Call, fileSystem.Calls);
    }

    private KernelReply Ask(Opcode opcode, ulong uniqueBits = 0) =>
        peer.Exchange(SampleRequest.Of(opcode).ToBuilder(), uniqueBits);

    private static TheoryData<Opcode> OpcodesThat(Func<OpcodeTraits, bool> isMeant) =>
        [.. Opcodes.All.ToArray().Where(isMeant).Select(row => row.Opcode)];
}
