using PersistFs.Engine;
using PersistFs.Fuse;
using PersistFs.Fuse.Abi;
using PersistFs.Linux;

namespace PersistFs.Server;

/// <summary>Names: found, made, removed, moved; and inodes that the kernel lets go of.</summary>
internal sealed partial class VolumeFileSystem
{
    /// <inheritdoc/>
    public Errno Lookup(in RequestContext context, FileName name, ref EntryOut entry)
    {
        Errno error = volume.Lookup(WorkerOf(in context), InodeOf(in context), name, out InodeAttributes found);
        if (error == Errno.OK) Fill(ref entry, in found);
        return error;
    }

    /// <inheritdoc/>
    public Errno LookupSelf(in RequestContext context, ref EntryOut entry)
    {
        Errno error = volume.LookupSelf(WorkerOf(in context), InodeOf(in context), out InodeAttributes found);
        if (error == Errno.OK) Fill(ref entry, in found);
        return error;
    }

    /// <inheritdoc/>
    public Errno LookupParent(in RequestContext context, ref EntryOut entry)
    {
        Errno error = volume.LookupParent(WorkerOf(in context), InodeOf(in context), out InodeAttributes found);
        if (error == Errno.OK) Fill(ref entry, in found);
        return error;
    }

    /// <inheritdoc/>
    public void Forget(in RequestContext context, ReadOnlySpan<ForgetOne> forgotten)
    {
        foreach (ForgetOne one in forgotten)
        {
            volume.Forget(WorkerOf(in context), InodeOf(one.NodeId), one.LookupCount);
        }
    }

    /// <inheritdoc/>
    public Errno MakeNode(in RequestContext context, FileName name, uint mode, uint device, ref EntryOut entry) =>
        Make(in context, name, mode, device, target: default, ref entry);

    /// <inheritdoc/>
    public Errno MakeDirectory(in RequestContext context, FileName name, uint mode, ref EntryOut entry)
    {
        uint bits = ModeBits.Directory | (mode & ModeBits.PermissionMask);
        return Make(in context, name, bits, device: 0, target: default, ref entry);
    }

    /// <inheritdoc/>
    public Errno MakeSymbolicLink(
        in RequestContext context, FileName name, ReadOnlySpan<byte> target, ref EntryOut entry) =>
        Make(in context, name, ModeBits.SymbolicLink | ModeBits.AccessMask, device: 0, target, ref entry);

    /// <inheritdoc/>
    public Errno Create(
        in RequestContext context, FileName name, in CreateIn request, ref EntryOut entry, ref OpenOut opened) =>
        Make(in context, name, RegularMode(request.Mode), device: 0, target: default, ref entry);

    /// <inheritdoc/>
    public Errno MakeTemporaryFile(
        in RequestContext context, in CreateIn request, ref EntryOut entry, ref OpenOut opened)
    {
        NewNode node = Describe(in context, RegularMode(request.Mode), device: 0);
        Errno error;
        InodeAttributes made;
        int tries = 0;
        do error = volume.CreateUnnamed(WorkerOf(in context), InodeOf(in context), in node, out made);
        while (AwaitsRoom(error, ref tries));
        if (error == Errno.OK) Fill(ref entry, in made);
        return error;
    }

    /// <inheritdoc/>
    public Errno Link(in RequestContext context, NodeId target, FileName name, ref EntryOut entry)
    {
        Errno error;
        InodeAttributes linked;
        int tries = 0;
        do error = volume.Link(WorkerOf(in context), InodeOf(target), InodeOf(in context), name, out linked);
        while (AwaitsRoom(error, ref tries));
        if (error == Errno.OK) Fill(ref entry, in linked);
        return error;
    }

    /// <inheritdoc/>
    public Errno Unlink(in RequestContext context, FileName name) =>
        volume.Unlink(WorkerOf(in context), InodeOf(in context), name);

    /// <inheritdoc/>
    public Errno RemoveDirectory(in RequestContext context, FileName name) =>
        volume.RemoveDirectory(WorkerOf(in context), InodeOf(in context), name);

    /// <inheritdoc/>
    public Errno Rename(
        in RequestContext context, FileName name, NodeId newParent, FileName newName, RenameFlags flags)
    {
        Errno error;
        int tries = 0;
        do
        {
            error = volume.Rename(
                WorkerOf(in context), InodeOf(in context), name, InodeOf(newParent), newName,
                (RenameMode)flags, context.Credentials);
        }
        while (AwaitsRoom(error, ref tries));
        return error;
    }

    private Errno Make(
        in RequestContext context, FileName name, uint mode, uint device, ReadOnlySpan<byte> target, ref EntryOut entry)
    {
        NewNode node = Describe(in context, mode, device);
        Errno error;
        InodeAttributes made;
        int tries = 0;
        do error = volume.Create(WorkerOf(in context), InodeOf(in context), name, in node, target, out made);
        while (AwaitsRoom(error, ref tries));
        if (error == Errno.OK) Fill(ref entry, in made);
        return error;
    }

    /// <summary>A file of the caller's. The umask comes with it unless the kernel has applied it (no DontMask).</summary>
    private static NewNode Describe(in RequestContext context, uint mode, uint device) => new()
    {
        Mode = mode,
        Umask = context.Umask,
        UserId = context.Credentials.UserId,
        GroupId = context.Credentials.GroupId,
        DeviceNumber = device,
    };

    private static uint RegularMode(uint mode) => ModeBits.Regular | (mode & ModeBits.PermissionMask);
}
