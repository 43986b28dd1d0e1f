using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Linux;

namespace PersistFs.Fuse.Sessions;

/// <summary>Tells the kernel things it has not asked for: what it may no longer remember, what to send again.</summary>
/// <remarks>
/// Not to be used by a worker while it serves a request about the same inode or directory: the kernel holds a lock
/// during the request that the notification needs. Attributes alone need none. All calls but <see cref="Resend"/>
/// answer ENOENT for what the kernel does not know, which is as good as success.
/// </remarks>
public sealed class Notifier(Channel channel)
{
    private const int PruneBatch = 256;

    /// <summary>FUSE_NOTIFY_INVAL_INODE: attributes no longer hold, and the cached pages of a range neither.</summary>
    /// <param name="nodeId">The inode.</param>
    /// <param name="offset">First byte of the range; negative to keep all pages.</param>
    /// <param name="lengthInBytes">Length of the range; 0 means to the end.</param>
    public Errno InvalidateInode(NodeId nodeId, long offset = -1, long lengthInBytes = 0) =>
        Send(NotifyCode.InvalidateInode, new InvalidateInodeOut
        {
            NodeId = nodeId,
            Offset = offset,
            LengthInBytes = lengthInBytes,
        });

    /// <summary>FUSE_NOTIFY_INVAL_ENTRY: what a name leads to no longer holds.</summary>
    /// <param name="parent">The directory.</param>
    /// <param name="name">The name.</param>
    /// <param name="expireOnly">Only look it up again at the next use, and leave what is mounted below (7.38).</param>
    public Errno InvalidateEntry(NodeId parent, FileName name, bool expireOnly = false) =>
        Send(
            NotifyCode.InvalidateEntry,
            new InvalidateEntryOut
            {
                Parent = parent,
                NameLength = (uint)name.Bytes.Length,
                Flags = expireOnly ? 1u : 0,
            },
            name.Bytes);

    /// <summary>FUSE_NOTIFY_DELETE: a name is gone, and watchers of it are told.</summary>
    public Errno Delete(NodeId parent, NodeId child, FileName name) =>
        Send(
            NotifyCode.Delete,
            new DeleteOut { Parent = parent, Child = child, NameLength = (uint)name.Bytes.Length },
            name.Bytes);

    /// <summary>
    /// FUSE_NOTIFY_RESEND: everything that was read and not answered is sent again, with
    /// <see cref="InHeader.ResendBit"/> set, also what a living worker has in hand.
    /// </summary>
    /// <returns>EINVAL before Linux 6.9 (7.40).</returns>
    public Errno Resend() => Send(NotifyCode.Resend, default(Nothing));

    /// <summary>FUSE_NOTIFY_INC_EPOCH: no cached name holds any more (7.44).</summary>
    /// <returns>EINVAL before Linux 6.16.</returns>
    public Errno IncrementEpoch() => Send(NotifyCode.IncrementEpoch, default(Nothing));

    /// <summary>FUSE_NOTIFY_PRUNE: asks the kernel to forget inodes it has no use for (7.45).</summary>
    /// <returns>EINVAL before Linux 6.18.</returns>
    public Errno Prune(ReadOnlySpan<NodeId> nodeIds)
    {
        while (!nodeIds.IsEmpty)
        {
            ReadOnlySpan<NodeId> batch = nodeIds[..Math.Min(nodeIds.Length, PruneBatch)];
            PruneOut prune = new() { Count = (uint)batch.Length };
            Errno error = Send(NotifyCode.Prune, prune, MemoryMarshal.AsBytes(batch), isName: false);
            if (error != Errno.OK) return error;
            nodeIds = nodeIds[batch.Length..];
        }
        return Errno.OK;
    }

    private Errno Send<T>(NotifyCode code, T body, ReadOnlySpan<byte> payload = default, bool isName = true)
        where T : unmanaged
    {
        int bodyLength = typeof(T) == typeof(Nothing) ? 0 : Unsafe.SizeOf<T>();
        int nulLength = isName && !payload.IsEmpty ? 1 : 0;
        Span<byte> message = stackalloc byte[Unsafe.SizeOf<OutHeader>() + bodyLength + payload.Length + nulLength];
        message.Clear();
        MemoryMarshal.Write(message, new OutHeader { LengthInBytes = (uint)message.Length, Error = (int)code });
        Span<byte> rest = message[Unsafe.SizeOf<OutHeader>()..];
        MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in body))[..bodyLength].CopyTo(rest);
        payload.CopyTo(rest[bodyLength..]);
        return channel.Write(message);
    }

    /// <summary>The body of a notification that has none.</summary>
    private struct Nothing;
}
