using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Linux;

namespace PersistFs.Fuse.Dispatch;

/// <summary>Operations on names: finding, making, moving and removing them.</summary>
internal sealed partial class Dispatcher
{
    private Errno Lookup(in RequestContext context, ref Request request, ref Reply reply)
    {
        ReadOnlySpan<byte> text = request.TakeText();
        if (request.Failed(out Errno failure)) return failure;
        ref EntryOut entry = ref reply.Append<EntryOut>();
        Errno error;
        if (text.SequenceEqual("."u8))
        {
            error = fileSystem.LookupSelf(in context, ref entry);
        }
        else if (text.SequenceEqual(".."u8))
        {
            error = fileSystem.LookupParent(in context, ref entry);
        }
        else
        {
            error = FileName.TryCreate(text, out FileName name);
            if (error != Errno.OK) return error;
            error = fileSystem.Lookup(in context, name, ref entry);
            if (error == Errno.ENOENT && options.CachesNegativeEntries) return AnswerNegative(ref entry);
        }
        return Stamp(ref entry, error);
    }

    private Errno MakeSymbolicLink(in RequestContext context, ref Request request, ref Reply reply)
    {
        FileName name = request.TakeName();
        ReadOnlySpan<byte> target = request.TakeText();
        if (request.Failed(out Errno failure)) return failure;
        if (target.IsEmpty) return Errno.ENOENT;
        if (target.Length > LinkTargetLengthMax) return Errno.ENAMETOOLONG;
        ref EntryOut entry = ref reply.Append<EntryOut>();
        return Stamp(ref entry, fileSystem.MakeSymbolicLink(in context, name, target, ref entry));
    }

    private Errno MakeNode(in RequestContext context, ref Request request, ref Reply reply)
    {
        MakeNodeIn node = request.Take<MakeNodeIn>();
        FileName name = request.TakeName();
        if (request.Failed(out Errno failure)) return failure;
        RequestContext maker = context with { Umask = node.Umask };
        ref EntryOut entry = ref reply.Append<EntryOut>();
        return Stamp(ref entry, fileSystem.MakeNode(in maker, name, node.Mode, node.Device, ref entry));
    }

    private Errno MakeDirectory(in RequestContext context, ref Request request, ref Reply reply)
    {
        MakeDirectoryIn directory = request.Take<MakeDirectoryIn>();
        FileName name = request.TakeName();
        if (request.Failed(out Errno failure)) return failure;
        RequestContext maker = context with { Umask = directory.Umask };
        ref EntryOut entry = ref reply.Append<EntryOut>();
        return Stamp(ref entry, fileSystem.MakeDirectory(in maker, name, directory.Mode, ref entry));
    }

    private Errno Unlink(in RequestContext context, ref Request request)
    {
        FileName name = request.TakeName();
        return request.Failed(out Errno failure) ? failure : fileSystem.Unlink(in context, name);
    }

    private Errno RemoveDirectory(in RequestContext context, ref Request request)
    {
        FileName name = request.TakeName();
        return request.Failed(out Errno failure) ? failure : fileSystem.RemoveDirectory(in context, name);
    }

    private Errno Rename(in RequestContext context, ref Request request)
    {
        NodeId newParent = request.Take<RenameIn>().NewParent;
        return Rename(in context, newParent, RenameFlags.None, ref request);
    }

    private Errno Rename2(in RequestContext context, ref Request request)
    {
        Rename2In rename = request.Take<Rename2In>();
        return Rename(in context, rename.NewParent, rename.Flags, ref request);
    }

    private Errno Rename(in RequestContext context, NodeId newParent, RenameFlags flags, ref Request request)
    {
        FileName name = request.TakeName();
        FileName newName = request.TakeName();
        if (request.Failed(out Errno failure)) return failure;
        return fileSystem.Rename(in context, name, newParent, newName, flags);
    }

    private Errno Link(in RequestContext context, ref Request request, ref Reply reply)
    {
        NodeId target = request.Take<LinkIn>().Target;
        FileName name = request.TakeName();
        if (request.Failed(out Errno failure)) return failure;
        ref EntryOut entry = ref reply.Append<EntryOut>();
        return Stamp(ref entry, fileSystem.Link(in context, target, name, ref entry));
    }

    private Errno Create(in RequestContext context, Negotiated terms, ref Request request, ref Reply reply)
    {
        CreateIn create = request.Take<CreateIn>();
        FileName name = request.TakeName();
        if (request.Failed(out Errno failure)) return failure;
        // The kernel then makes files by MKNOD, and there is no open file to send a RELEASE for.
        if (terms.Has(InitFlags.NoOpenSupport)) return Errno.ENOSYS;
        RequestContext maker = context with { Umask = create.Umask };
        ref EntryOut entry = ref reply.Append<EntryOut>();
        ref OpenOut opened = ref AppendOpened(ref reply);
        return Stamp(ref entry, fileSystem.Create(in maker, name, in create, ref entry, ref opened));
    }

    private Errno MakeTemporaryFile(in RequestContext context, ref Request request, ref Reply reply)
    {
        // A name follows that means nothing: the kernel needs one for a file that has none.
        CreateIn create = request.Take<CreateIn>();
        if (request.Failed(out Errno failure)) return failure;
        RequestContext maker = context with { Umask = create.Umask };
        ref EntryOut entry = ref reply.Append<EntryOut>();
        ref OpenOut opened = ref AppendOpened(ref reply);
        return Stamp(ref entry, fileSystem.MakeTemporaryFile(in maker, in create, ref entry, ref opened));
    }

    /// <summary>Says how long the kernel may keep an entry that was found or made.</summary>
    private Errno Stamp(ref EntryOut entry, Errno error)
    {
        entry.EntryValidSeconds = options.ValidSeconds;
        entry.AttributesValidSeconds = options.ValidSeconds;
        return error;
    }

    /// <summary>There is no such name, and the kernel may remember that: an entry without an inode.</summary>
    private Errno AnswerNegative(ref EntryOut entry)
    {
        entry = new EntryOut { EntryValidSeconds = options.ValidSeconds };
        return Errno.OK;
    }

    /// <summary>PATH_MAX of limits.h, less the NUL.</summary>
    private const int LinkTargetLengthMax = 4095;
}
