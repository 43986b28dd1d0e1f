using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Linux;

namespace PersistFs.Server.FileSystem;

/// <summary>Extended attributes, ACLs among them.</summary>
internal sealed partial class TreeFileSystem
{
    private const uint XattrCreate = 1;
    private const uint XattrReplace = 2;

    /// <inheritdoc/>
    public Errno SetXattr(
        in RequestContext context, in SetXattrIn request, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if ((request.Flags & ~(XattrCreate | XattrReplace)) != 0) return Errno.EINVAL;
        XattrSetFlags flags = (XattrSetFlags)request.Flags;
        if ((request.SetXattrFlags & SetXattrFlags.AclKillSetGroupId) != 0) flags |= XattrSetFlags.KillSetGroupId;
        return tree.SetXattr(WorkerOf(in context), InodeOf(in context), name, value, flags);
    }

    /// <inheritdoc/>
    public Errno GetXattr(in RequestContext context, ReadOnlySpan<byte> name, Span<byte> value, out int length) =>
        tree.GetXattr(WorkerOf(in context), InodeOf(in context), name, value, out length);

    /// <inheritdoc/>
    public Errno ListXattr(in RequestContext context, Span<byte> names, out int length) =>
        tree.ListXattr(WorkerOf(in context), InodeOf(in context), context.Credentials, names, out length);

    /// <inheritdoc/>
    public Errno RemoveXattr(in RequestContext context, ReadOnlySpan<byte> name) =>
        tree.RemoveXattr(WorkerOf(in context), InodeOf(in context), name);
}
