using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Testing;
using PersistFs.Fuse.Tests.Requests;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Dispatch;

/// <summary>Each opcode has one row, and the row agrees with what the dispatcher does.</summary>
public sealed class OpcodeTraitsTests
{
    public static TheoryData<Opcode> Every => [.. Enum.GetValues<Opcode>()];

    [Theory, MemberData(nameof(Every))]
    public void An_opcode_has_one_row(Opcode opcode)
    {
        Assert.Equal(opcode, Opcodes.TraitsOf(opcode).Opcode);
        Assert.Single(Opcodes.All.ToArray(), row => row.Opcode == opcode);
    }

    [Theory, InlineData(0u), InlineData(7u), InlineData(54u), InlineData(uint.MaxValue)]
    public void A_number_that_is_no_opcode_is_answered_and_not_served(uint number)
    {
        OpcodeTraits traits = Opcodes.TraitsOf((Opcode)number);

        Assert.Equal((true, false, TreeChange.Never), (traits.HasReply, traits.IsServed, traits.Changes));
    }

    [Fact]
    public void An_opcode_without_a_row_is_named()
    {
        OpcodeTraits[] rows = [.. Opcodes.All.ToArray().Where(row => row.Opcode != Opcode.Flush)];

        InvalidOperationException thrown =
            Assert.Throws<InvalidOperationException>(() => Opcodes.Index(rows, Enum.GetValues<Opcode>()));

        Assert.Contains(nameof(Opcode.Flush), thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_opcode_with_two_rows_is_named()
    {
        OpcodeTraits[] rows = [.. Opcodes.All, Opcodes.TraitsOf(Opcode.Flush)];

        InvalidOperationException thrown =
            Assert.Throws<InvalidOperationException>(() => Opcodes.Index(rows, Enum.GetValues<Opcode>()));

        Assert.Contains(nameof(Opcode.Flush), thrown.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Every))]
    public void An_opcode_is_served_as_its_row_says(Opcode opcode)
    {
        RecordingFileSystem fileSystem = new();
        using KernelPeer peer = new KernelPeer(
            fileSystem, new SessionOptions { WorkerCount = 1, NoOpen = false }).Begin();
        SampleRequest? sample = SampleRequest.All.SingleOrDefault(sample => sample.Opcode == opcode);
        OpcodeTraits traits = Opcodes.TraitsOf(opcode);
        if (opcode == Opcode.Init) return;
        KernelRequestBuilder request =
            sample?.ToBuilder() ?? new KernelRequestBuilder(opcode, NodeId.Root).With(default(Statx));

        Assert.True(sample is not null || !traits.IsServed, "An opcode that is served has a sample request.");
        if (!traits.HasReply)
        {
            peer.Send(request);
            KernelReply next = peer.Exchange(SampleRequest.Of(Opcode.StatFs).ToBuilder());
            Assert.Equal(Errno.OK, next.Error);
            return;
        }
        Assert.Equal(traits.IsServed ? Errno.OK : Errno.ENOSYS, peer.Exchange(request).Error);
    }

    [Theory, MemberData(nameof(Every))]
    public void What_waits_for_room_or_is_recalled_has_a_reply_and_changes_the_tree_or_counts_lookups(Opcode opcode)
    {
        OpcodeTraits traits = Opcodes.TraitsOf(opcode);

        if (traits.AwaitsRoom) Assert.Equal(TreeChange.Always, traits.Changes);
        if (traits.Recall == RecalledReply.Entry)
        {
            Assert.True(traits.Reply is ReplyShape.Entry or ReplyShape.EntryAndOpen);
        }
        if (traits.Recall == RecalledReply.Errno) Assert.Equal(ReplyShape.Errno, traits.Reply);
        // A lookup or a handle that was counted twice would never be forgotten.
        bool isCounted = traits.Reply is ReplyShape.Entry or ReplyShape.EntryAndOpen or ReplyShape.Listing;
        Assert.Equal(isCounted, traits.Recall is RecalledReply.Entry or RecalledReply.Listing);
    }
}
