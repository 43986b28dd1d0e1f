using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Linux;

namespace PersistFs.Server.FileSystem;

/// <summary>Contents: read, written, allocated, copied, looked through.</summary>
internal sealed partial class TreeFileSystem
{
    /// <summary>The largest READ the kernel is offered; a larger one is answered in part.</summary>
    private const uint ReadBytesMax = 1 << 20;

    /// <summary>Where each worker collects the runs of memory of one READ.</summary>
    private readonly IoVector[][] segmentsOfWorker;

    /// <inheritdoc/>
    public Errno ReadLink(in RequestContext context, Span<byte> target, out int length) =>
        tree.ReadLink(WorkerOf(in context), InodeOf(in context), target, out length);

    /// <summary>
    /// READ: the reply points into the arena. The inode stays locked for readers until it has been written.
    /// </summary>
    public Errno Read(in RequestContext context, in ReadIn request, ref IoVectorWriter segments)
    {
        IoVector[] found = segmentsOfWorker[context.Worker];
        uint wanted = Math.Min(Math.Min(request.SizeInBytes, segments.RemainingInBytes), ReadBytesMax);
        Errno error = tree.Read(
            WorkerOf(in context), InodeOf(in context), request.Offset, wanted, found, out int count, out _);
        if (error != Errno.OK) return error;
        for (int i = 0; i < count; i++) segments.Add(found[i]);
        return Errno.OK;
    }

    /// <inheritdoc/>
    public void ReadDone(in RequestContext context) => tree.EndRead(WorkerOf(in context));

    /// <inheritdoc/>
    public Errno Write(in RequestContext context, in WriteIn request, ReadOnlySpan<byte> data, out uint written)
    {
        WriteOptions options = new()
        {
            IsAcknowledged = IsWriteback && (request.WriteFlags & WriteFlags.Cache) != 0,
            IsRepeated = context.IsResent,
            KillPrivileges = (request.WriteFlags & WriteFlags.KillSetIds) != 0,
        };
        Errno error = tree.Write(WorkerOf(in context), InodeOf(in context), request.Offset, data, in options);
        written = error == Errno.OK ? (uint)data.Length : 0;
        TellOfDroppedPrivileges(in context, context.NodeId);
        return error;
    }

    /// <summary>FSYNC. Where memory is all there is, ENOSYS: the kernel then writes back and asks no more.</summary>
    public Errno Synchronize(in RequestContext context, in SynchronizeIn request) =>
        volume.IsOnDisk ? volume.Synchronize() : Errno.ENOSYS;

    /// <inheritdoc/>
    public Errno SynchronizeDirectory(in RequestContext context, in SynchronizeIn request) =>
        volume.IsOnDisk ? volume.Synchronize() : Errno.ENOSYS;

    /// <inheritdoc/>
    public Errno Allocate(in RequestContext context, in AllocateIn request)
    {
        Errno error = tree.Allocate(
            WorkerOf(in context), InodeOf(in context), request.Offset, request.LengthInBytes,
            (FallocateMode)request.Mode, context.Credentials);
        TellOfDroppedPrivileges(in context, context.NodeId);
        return error;
    }

    /// <summary>
    /// LSEEK. With write-back, ENOSYS: the kernel asks without writing back what it has gathered, so a hole here may be
    /// data there. It then calls everything data, up to the size that it knows.
    /// </summary>
    public Errno Seek(in RequestContext context, in SeekIn request, out ulong offset)
    {
        offset = 0;
        if (IsWriteback) return Errno.ENOSYS;
        SeekTarget target = (SeekTarget)request.Whence;
        return target is SeekTarget.Data or SeekTarget.Hole
            ? tree.Seek(WorkerOf(in context), InodeOf(in context), request.Offset, target, out offset)
            : Errno.EINVAL;
    }

    /// <inheritdoc/>
    public Errno CopyFileRange(in RequestContext context, in CopyFileRangeIn request, out ulong copied)
    {
        copied = 0;
        if (request.Flags != 0) return Errno.EINVAL;
        Errno error = tree.CopyRange(
            WorkerOf(in context), new FilePosition(InodeOf(in context), request.SourceOffset),
            new FilePosition(InodeOf(request.Destination), request.DestinationOffset), request.LengthInBytes,
            out copied, context.Credentials);
        TellOfDroppedPrivileges(in context, request.Destination);
        return error;
    }

    /// <summary>
    /// The kernel takes a mode for unchanged by a change of contents. Unless told, it would go on to honour set-id bits
    /// that are gone. The caller holds the file, so the kernel does not drop the inode here and wait for this reply.
    /// An attempt that ends with ENOSPC may have dropped them too, so each attempt tells.
    /// </summary>
    private void TellOfDroppedPrivileges(in RequestContext context, NodeId changed)
    {
        Worker worker = WorkerOf(in context);
        if (!worker.HasDroppedPrivileges) return;
        worker.HasDroppedPrivileges = false;
        notifier?.InvalidateInode(changed);
    }

    private bool IsWriteback => Negotiated is { } terms && terms.Has(InitFlags.WritebackCache);
}
