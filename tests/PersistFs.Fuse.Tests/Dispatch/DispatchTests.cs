using System.Runtime.CompilerServices;
using System.Text;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Testing;
using PersistFs.Fuse.Tests.Requests;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Dispatch;

/// <summary>Each request reaches its method with its arguments, and its reply is what the kernel expects.</summary>
public sealed class DispatchTests : IDisposable
{
    private readonly RecordingFileSystem fileSystem = new();
    private readonly KernelPeer peer;

    public DispatchTests() =>
        peer = new KernelPeer(fileSystem, new SessionOptions { WorkerCount = 1, NoOpen = false }).Begin();

    public void Dispose() => peer.Dispose();

    public static TheoryData<Opcode> Answered =>
        new(from sample in SampleRequest.All
            where sample.Call is not null && sample.Opcode is not (Opcode.Forget or Opcode.BatchForget)
            select sample.Opcode);

    [Theory, MemberData(nameof(Answered))]
    public void A_request_reaches_its_method_once_and_is_completed(Opcode opcode)
    {
        SampleRequest sample = SampleRequest.Of(opcode);
        fileSystem.Calls.Clear();

        KernelReply reply = peer.Exchange(sample.ToBuilder());
        peer.Exchange(SampleRequest.Of(Opcode.Destroy).ToBuilder());

        Assert.Equal(Errno.OK, reply.Error);
        string[] after = opcode == Opcode.Read ? ["ReadDone", "Completed"] : ["Completed"];
        string[] expected = [sample.Call!, .. after];
        Assert.Equal(expected, fileSystem.Calls.Take(expected.Length));
        Assert.Equal(1UL, peer.Session.ReadCounters().RequestsOf(opcode));
    }

    [Theory, MemberData(nameof(Answered))]
    public void An_error_is_negated_and_has_no_body(Opcode opcode)
    {
        fileSystem.Answer = Errno.EDQUOT;

        KernelReply reply = peer.Exchange(SampleRequest.Of(opcode).ToBuilder());

        Assert.Equal(-(int)Errno.EDQUOT, reply.Header.Error);
        Assert.Empty(reply.Body);
    }

    [Theory, MemberData(nameof(Answered))]
    public void What_is_not_admitted_does_not_reach_its_method(Opcode opcode)
    {
        fileSystem.Calls.Clear();
        fileSystem.Admission = Errno.EROFS;

        KernelReply reply = peer.Exchange(SampleRequest.Of(opcode).ToBuilder());

        Assert.Equal(Errno.EROFS, reply.Error);
        Assert.DoesNotContain(SampleRequest.Of(opcode).Call, fileSystem.Calls);
    }

    [Fact]
    public void The_context_says_who_asks_and_whether_again()
    {
        Credentials caller = new(11, 12, 13);
        KernelRequestBuilder request =
            SampleRequest.Of(Opcode.Create).ToBuilder().From(caller).WithSupplementaryGroup(14);

        KernelReply reply = peer.Exchange(request, InHeader.ResendBit);

        RequestContext context = fileSystem.LastContext;
        Assert.Equal(caller, context.Credentials);
        Assert.Equal(14u, context.SupplementaryGroupId);
        Assert.Equal(18u, context.Umask);
        Assert.True(context.IsResent);
        Assert.Equal(reply.Header.Unique, context.Unique | InHeader.ResendBit);
        Assert.Equal(new NodeId(5), context.NodeId);
        Assert.Equal(Opcode.Create, context.Opcode);
        Assert.Equal(1UL, peer.Session.ReadCounters().Resent);
    }

    [Fact]
    public void Requests_without_a_reply_have_none()
    {
        fileSystem.Calls.Clear();
        foreach (Opcode opcode in (Opcode[])[Opcode.Forget, Opcode.BatchForget, Opcode.Interrupt, Opcode.NotifyReply])
        {
            peer.Send(SampleRequest.All.FirstOrDefault(sample => sample.Opcode == opcode)?.ToBuilder()
                ?? new KernelRequestBuilder(opcode, NodeId.None));
        }
        peer.Exchange(SampleRequest.Of(Opcode.Destroy).ToBuilder());

        Assert.Equal(["Forget 5 3", "Forget 8 1", "Forget 9 2"], fileSystem.Calls.Take(3));
        Assert.Null(peer.TryReceive(0));
    }

    [Theory]
    [InlineData(Opcode.GetLock), InlineData(Opcode.SetLock), InlineData(Opcode.SetLockWait)]
    [InlineData(Opcode.BlockMap), InlineData(Opcode.Poll), InlineData(Opcode.SetUpMapping)]
    [InlineData(Opcode.RemoveMapping), InlineData((Opcode)0), InlineData((Opcode)7), InlineData((Opcode)4096)]
    [InlineData((Opcode)uint.MaxValue)]
    public void What_is_not_implemented_is_answered_with_ENOSYS(Opcode opcode)
    {
        KernelRequestBuilder request = new KernelRequestBuilder(opcode, NodeId.Root).With(default(Statx));

        Assert.Equal(Errno.ENOSYS, peer.Exchange(request).Error);
    }

    [Theory]
    [InlineData(Opcode.Lookup), InlineData(Opcode.MakeNode), InlineData(Opcode.MakeDirectory)]
    [InlineData(Opcode.SymbolicLink), InlineData(Opcode.Link)]
    public void An_entry_is_valid_for_ever(Opcode opcode)
    {
        EntryOut entry = peer.Exchange(SampleRequest.Of(opcode).ToBuilder()).Read<EntryOut>();

        Assert.Equal(RecordingFileSystem.Node, entry.NodeId);
        Assert.Equal(3UL, entry.Generation);
        Assert.Equal(SessionOptions.ValidForEver, entry.EntryValidSeconds);
        Assert.Equal(SessionOptions.ValidForEver, entry.AttributesValidSeconds);
        Assert.Equal(RecordingFileSystem.SampleAttributes, entry.Attributes);
    }

    [Fact]
    public void A_missing_name_is_an_entry_without_an_inode_that_may_be_remembered()
    {
        fileSystem.Answer = Errno.ENOENT;

        KernelReply reply = peer.Exchange(SampleRequest.Of(Opcode.Lookup).ToBuilder());

        Assert.Equal(Errno.OK, reply.Error);
        Assert.Equal(new EntryOut { EntryValidSeconds = SessionOptions.ValidForEver }, reply.Read<EntryOut>());
    }

    [Theory, InlineData(".", "LookupSelf"), InlineData("..", "LookupParent")]
    public void Dots_are_looked_up_by_inode(string name, string call)
    {
        KernelReply reply = peer.Exchange(new KernelRequestBuilder(Opcode.Lookup, NodeId.Root).WithName(name));

        Assert.Equal(RecordingFileSystem.Node, reply.Read<EntryOut>().NodeId);
        Assert.Contains(call, fileSystem.Calls);
    }

    [Theory, InlineData(Opcode.GetAttributes), InlineData(Opcode.SetAttributes)]
    public void Attributes_are_valid_for_ever(Opcode opcode)
    {
        AttributesOut answer = peer.Exchange(SampleRequest.Of(opcode).ToBuilder()).Read<AttributesOut>();

        Assert.Equal(SessionOptions.ValidForEver, answer.ValidSeconds);
        Assert.Equal(RecordingFileSystem.SampleAttributes, answer.Attributes);
    }

    [Theory, InlineData(Opcode.Create), InlineData(Opcode.TemporaryFile)]
    public void A_new_file_comes_with_its_handle(Opcode opcode)
    {
        KernelReply reply = peer.Exchange(SampleRequest.Of(opcode).ToBuilder());

        Assert.Equal(RecordingFileSystem.Node, reply.Read<EntryOut>().NodeId);
        OpenOut opened = reply.Read<OpenOut>(Unsafe.SizeOf<EntryOut>());
        Assert.Equal((RecordingFileSystem.Handle, OpenReplyFlags.KeepCache), (opened.Handle, opened.Flags));
        Assert.Equal(Unsafe.SizeOf<EntryOut>() + Unsafe.SizeOf<OpenOut>(), reply.Body.Length);
    }

    [Fact]
    public void A_read_reply_is_the_segments_one_after_the_other()
    {
        KernelReply reply = peer.Exchange(
            new KernelRequestBuilder(Opcode.Read, NodeId.Root).With(new ReadIn { SizeInBytes = 128 * 1024 }));

        Assert.Equal(128 * 1024, reply.Body.Length);
        Assert.Equal("contents"u8, reply.Body.AsSpan(0, 8));
        Assert.Equal(-1, reply.Body.AsSpan(8).IndexOfAnyExcept((byte)0));
        // Counted after the reply has been sent.
        Assert.True(SpinWait.SpinUntil(
            () => peer.Session.ReadCounters().BytesRead == 128UL * 1024, TimeSpan.FromSeconds(10)));
    }

    [Theory, InlineData(Opcode.GetXattr, "value"), InlineData(Opcode.ListXattr, "user.a\0")]
    public void An_extended_attribute_is_given_or_measured(Opcode opcode, string expected)
    {
        KernelRequestBuilder Ask(uint size)
        {
            KernelRequestBuilder request = new KernelRequestBuilder(opcode, NodeId.Root)
                .With(new GetXattrIn { SizeInBytes = size });
            return opcode == Opcode.GetXattr ? request.WithName("user.a") : request;
        }

        KernelReply measured = peer.Exchange(Ask(0));
        Assert.Equal(Unsafe.SizeOf<GetXattrOut>(), measured.Body.Length);
        Assert.Equal((uint)expected.Length, measured.Read<GetXattrOut>().SizeInBytes);
        Assert.Equal(expected, Encoding.UTF8.GetString(peer.Exchange(Ask((uint)expected.Length)).Body));
        Assert.Equal(Errno.ERANGE, peer.Exchange(Ask(1)).Error);
    }

    [Fact]
    public void Damage_found_on_admission_is_answered()
    {
        fileSystem.Damage = new InvalidDataException("for a test");

        Assert.Equal(Errno.ESTALE, peer.Exchange(SampleRequest.Of(Opcode.StatFs).ToBuilder()).Error);
    }

    [Fact]
    public void Other_answers_have_their_structure()
    {
        KernelReply Ask(Opcode opcode) => peer.Exchange(SampleRequest.Of(opcode).ToBuilder());

        Assert.Equal("target"u8, Ask(Opcode.ReadLink).Body);
        Assert.Equal(4u, Ask(Opcode.Write).Read<WriteOut>().SizeInBytes);
        Assert.Equal(4096UL, Ask(Opcode.Seek).Read<SeekOut>().Offset);
        Assert.Equal(4294963200u, Ask(Opcode.CopyFileRange).Read<WriteOut>().SizeInBytes);
        Assert.Equal(1UL << 40, Ask(Opcode.CopyFileRange64).Read<CopyFileRangeOut>().LengthInBytes);
        Assert.Equal(99UL, Ask(Opcode.StatFs).Read<StatFsOut>().Blocks);
        Assert.Equal(77, Ask(Opcode.Statx).Read<StatxOut>().Status.Birth.Seconds);
        Assert.Equal(SessionOptions.ValidForEver, Ask(Opcode.Statx).Read<StatxOut>().ValidSeconds);
        Assert.Equal("out"u8, Ask(Opcode.Ioctl).Body.AsSpan(Unsafe.SizeOf<IoctlOut>()));
        Assert.Equal(RecordingFileSystem.Handle, Ask(Opcode.Open).Read<OpenOut>().Handle);
        Assert.Equal(
            OpenReplyFlags.KeepCache | OpenReplyFlags.CacheDirectory, Ask(Opcode.OpenDirectory).Read<OpenOut>().Flags);
    }
}
