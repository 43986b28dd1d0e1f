using System.Runtime.CompilerServices;
using System.Text;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Negotiation;
using PersistFs.Fuse.Sessions;
using PersistFs.Fuse.Testing;
using PersistFs.Linux;

namespace PersistFs.Fuse.Tests.Sessions;

/// <summary>Notifications are what the kernel reads.</summary>
public sealed class NotifierTests : IDisposable
{
    private readonly KernelPeer peer =
        new(new RecordingFileSystem(), new SessionOptions { WorkerCount = 1, PagesMax = 1 });

    private readonly Notifier notifier;

    public NotifierTests() => notifier = new Notifier(peer.Channel);

    public void Dispose() => peer.Dispose();

    [Fact]
    public void An_inode_and_a_range_are_named()
    {
        Assert.Equal(Errno.OK, notifier.InvalidateInode(new NodeId(5), 4096, 8192));

        InvalidateInodeOut body = Take(NotifyCode.InvalidateInode).Read<InvalidateInodeOut>();
        Assert.Equal((new NodeId(5), 4096L, 8192L), (body.NodeId, body.Offset, body.LengthInBytes));
    }

    [Theory, InlineData(false, 0u), InlineData(true, 1u)]
    public void A_name_ends_with_NUL(bool expireOnly, uint flags)
    {
        Assert.Equal(Errno.OK, FileName.TryCreate("name"u8, out FileName name));
        Assert.Equal(Errno.OK, notifier.InvalidateEntry(new NodeId(5), name, expireOnly));

        KernelReply message = Take(NotifyCode.InvalidateEntry);
        InvalidateEntryOut body = message.Read<InvalidateEntryOut>();
        Assert.Equal((new NodeId(5), 4u, flags), (body.Parent, body.NameLength, body.Flags));
        Assert.Equal("name\0", Encoding.UTF8.GetString(message.Body.AsSpan(Unsafe.SizeOf<InvalidateEntryOut>())));
    }

    [Fact]
    public void A_deleted_name_comes_with_its_inode()
    {
        Assert.Equal(Errno.OK, FileName.TryCreate("name"u8, out FileName name));
        Assert.Equal(Errno.OK, notifier.Delete(new NodeId(5), new NodeId(6), name));

        KernelReply message = Take(NotifyCode.Delete);
        DeleteOut body = message.Read<DeleteOut>();
        Assert.Equal((new NodeId(5), new NodeId(6), 4u), (body.Parent, body.Child, body.NameLength));
        Assert.Equal(Unsafe.SizeOf<DeleteOut>() + 5, message.Body.Length);
    }

    [Fact]
    public void Some_have_no_body()
    {
        Assert.Equal(Errno.OK, notifier.Resend());
        Assert.Empty(Take(NotifyCode.Resend).Body);
        Assert.Equal(Errno.OK, notifier.IncrementEpoch());
        Assert.Empty(Take(NotifyCode.IncrementEpoch).Body);
    }

    [Fact]
    public void Many_inodes_are_pruned_in_batches()
    {
        NodeId[] nodes = [.. from number in Enumerable.Range(2, 300) select new NodeId((ulong)number)];
        Assert.Equal(Errno.OK, notifier.Prune(nodes));

        Assert.Equal(256u, Take(NotifyCode.Prune).Read<PruneOut>().Count);
        KernelReply rest = Take(NotifyCode.Prune);
        Assert.Equal(44u, rest.Read<PruneOut>().Count);
        Assert.Equal(new NodeId(258), rest.Read<NodeId>(Unsafe.SizeOf<PruneOut>()));
        Assert.Equal(Unsafe.SizeOf<PruneOut>() + 44 * 8, rest.Body.Length);
    }

    [Fact]
    public void Nobody_to_tell_is_ENOENT()
    {
        peer.Close();

        Assert.Equal(Errno.ENOENT, notifier.Resend());
    }

    private KernelReply Take(NotifyCode code)
    {
        KernelReply message = peer.Receive();
        Assert.Equal((0UL, (int)code), (message.Header.Unique, message.Header.Error));
        return message;
    }
}
