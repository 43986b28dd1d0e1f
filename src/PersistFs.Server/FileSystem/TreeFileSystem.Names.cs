using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Linux;

namespace PersistFs.Server.FileSystem;

/// <summary>Names: found, made, removed, moved; and inodes that the kernel forgets.</summary>
internal sealed partial class TreeFileSystem
{
    /// <inheritdoc/>
    public Errno Lookup(in RequestContext context, FileName name, ref EntryOut entry)
    {
        Errno error = tree.Lookup(WorkerOf(in context), InodeOf(in context), name, out InodeAttributes found);
        return Answer(ref entry, error, in found);
    }

    /// <inheritdoc/>
    public Errno LookupSelf(in RequestContext context, ref EntryOut entry)
    {
        Errno error = tree.LookupSelf(WorkerOf(in context), InodeOf(in context), out InodeAttributes found);
        return Answer(ref entry, error, in found);
    }

    /// <inheritdoc/>
    public Errno LookupParent(in RequestContext context, ref EntryOut entry)
    {
        Errno error = tree.LookupParent(WorkerOf(in context), InodeOf(in context), out InodeAttributes found);
        return Answer(ref entry, error, in found);
    }

    /// <inheritdoc/>
    public void Forget(in RequestContext context, ReadOnlySpan<ForgetOne> forgotten)
    {
        Worker worker = WorkerOf(in context);
        // FORGET is never sent again: a successor goes on where a kill has interrupted it. Lookups of a reply that was
        // not delivered are forgotten here as well, under the request that asked for it.
        bool isRequest = !Opcodes.TraitsOf(context.Opcode).HasReply;
        if (isRequest) tree.BeginRequest(worker, context.Unique);
        int done = isRequest ? tree.BeginForget(worker, context.Unique) : 0;
        for (int index = done; index < forgotten.Length; index++)
        {
            tree.Forget(worker, InodeOf(forgotten[index].NodeId), forgotten[index].LookupCount, isRequest);
        }
        if (isRequest) tree.EndRequest(worker);
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
        Errno error = tree.CreateUnnamed(
            WorkerOf(in context), InodeOf(in context), in node, out InodeAttributes made);
        return Answer(ref entry, error, in made);
    }

    /// <inheritdoc/>
    public Errno Link(in RequestContext context, NodeId target, FileName name, ref EntryOut entry)
    {
        Errno error = tree.Link(
            WorkerOf(in context), InodeOf(target), InodeOf(in context), name, out InodeAttributes linked);
        return Answer(ref entry, error, in linked);
    }

    /// <inheritdoc/>
    public Errno Unlink(in RequestContext context, FileName name) =>
        tree.Unlink(WorkerOf(in context), InodeOf(in context), name);

    /// <inheritdoc/>
    public Errno RemoveDirectory(in RequestContext context, FileName name) =>
        tree.RemoveDirectory(WorkerOf(in context), InodeOf(in context), name);

    /// <inheritdoc/>
    public Errno Rename(
        in RequestContext context, FileName name, NodeId newParent, FileName newName, RenameFlags flags) =>
        tree.Rename(
            WorkerOf(in context), new DirectoryName(InodeOf(in context), name),
            new DirectoryName(InodeOf(newParent), newName), (RenameMode)flags, context.Credentials);

    private Errno Make(
        in RequestContext context, FileName name, uint mode, uint device, ReadOnlySpan<byte> target, ref EntryOut entry)
    {
        NewNode node = Describe(in context, mode, device);
        Errno error = tree.Create(
            WorkerOf(in context), InodeOf(in context), name, in node, target, out InodeAttributes made);
        return Answer(ref entry, error, in made);
    }

    private Errno Answer(ref EntryOut entry, Errno error, in InodeAttributes attributes)
    {
        if (error == Errno.OK) Fill(ref entry, in attributes);
        return error;
    }

    /// <summary>
    /// A file of the caller's. The umask comes with it unless the kernel has applied it (no DontMask).
    /// </summary>
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
