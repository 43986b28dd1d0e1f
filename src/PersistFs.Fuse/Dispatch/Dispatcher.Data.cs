using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Linux;

namespace PersistFs.Fuse.Dispatch;

/// <summary>Operations on open files and directories: contents and entries.</summary>
internal sealed partial class Dispatcher
{
    private Errno Open(in RequestContext context, Negotiated terms, ref Request request, ref Reply reply)
    {
        OpenIn open = request.Take<OpenIn>();
        if (request.Failed(out Errno failure)) return failure;
        if (terms.Has(InitFlags.NoOpenSupport)) return Errno.ENOSYS;
        return fileSystem.Open(in context, in open, ref AppendOpened(ref reply));
    }

    private Errno OpenDirectory(in RequestContext context, Negotiated terms, ref Request request, ref Reply reply)
    {
        OpenIn open = request.Take<OpenIn>();
        if (request.Failed(out Errno failure)) return failure;
        if (terms.Has(InitFlags.NoOpenDirectorySupport)) return Errno.ENOSYS;
        ref OpenOut opened = ref AppendOpened(ref reply);
        if (options.KeepsCache) opened.Flags |= OpenReplyFlags.CacheDirectory;
        return fileSystem.OpenDirectory(in context, in open, ref opened);
    }

    private Errno Release(in RequestContext context, ref Request request)
    {
        ReleaseIn release = request.Take<ReleaseIn>();
        return request.Failed(out Errno failure) ? failure : fileSystem.Release(in context, in release);
    }

    private Errno ReleaseDirectory(in RequestContext context, ref Request request)
    {
        ReleaseIn release = request.Take<ReleaseIn>();
        return request.Failed(out Errno failure) ? failure : fileSystem.ReleaseDirectory(in context, in release);
    }

    private Errno Flush(in RequestContext context, ref Request request)
    {
        FlushIn flush = request.Take<FlushIn>();
        return request.Failed(out Errno failure) ? failure : fileSystem.Flush(in context, in flush);
    }

    private Errno Read(in RequestContext context, ref Request request, ref Reply reply)
    {
        ReadIn read = request.Take<ReadIn>();
        if (request.Failed(out Errno failure)) return failure;
        reply.Segments.Limit(read.SizeInBytes);
        return fileSystem.Read(in context, in read, ref reply.Segments);
    }

    private Errno Write(in RequestContext context, ref Request request, ref Reply reply)
    {
        WriteIn write = request.Take<WriteIn>();
        ReadOnlySpan<byte> data = request.TakeBytes(write.SizeInBytes);
        if (request.Failed(out Errno failure)) return failure;
        return fileSystem.Write(in context, in write, data, out reply.Append<WriteOut>().SizeInBytes);
    }

    private Errno Synchronize(in RequestContext context, ref Request request)
    {
        SynchronizeIn synchronize = request.Take<SynchronizeIn>();
        return request.Failed(out Errno failure) ? failure : fileSystem.Synchronize(in context, in synchronize);
    }

    private Errno SynchronizeDirectory(in RequestContext context, ref Request request)
    {
        SynchronizeIn synchronize = request.Take<SynchronizeIn>();
        if (request.Failed(out Errno failure)) return failure;
        return fileSystem.SynchronizeDirectory(in context, in synchronize);
    }

    private Errno Allocate(in RequestContext context, ref Request request)
    {
        AllocateIn allocate = request.Take<AllocateIn>();
        return request.Failed(out Errno failure) ? failure : fileSystem.Allocate(in context, in allocate);
    }

    private Errno Seek(in RequestContext context, ref Request request, ref Reply reply)
    {
        SeekIn seek = request.Take<SeekIn>();
        if (request.Failed(out Errno failure)) return failure;
        return fileSystem.Seek(in context, in seek, out reply.Append<SeekOut>().Offset);
    }

    /// <summary>
    /// The form before 7.45, whose reply has 32 bits: more than those hold is copied by several calls.
    /// </summary>
    private Errno CopyFileRange(in RequestContext context, ref Request request, ref Reply reply)
    {
        CopyFileRangeIn copy = request.Take<CopyFileRangeIn>();
        if (request.Failed(out Errno failure)) return failure;
        copy.LengthInBytes = Math.Min(copy.LengthInBytes, uint.MaxValue & ~4095u);
        Errno error = fileSystem.CopyFileRange(in context, in copy, out ulong copied);
        reply.Append<WriteOut>().SizeInBytes = (uint)copied;
        return error;
    }

    private Errno CopyFileRange64(in RequestContext context, ref Request request, ref Reply reply)
    {
        CopyFileRangeIn copy = request.Take<CopyFileRangeIn>();
        if (request.Failed(out Errno failure)) return failure;
        return fileSystem.CopyFileRange(in context, in copy, out reply.Append<CopyFileRangeOut>().LengthInBytes);
    }

    private Errno ReadDirectory(in RequestContext context, bool isPlus, ref Request request, ref Reply reply)
    {
        ReadIn read = request.Take<ReadIn>();
        if (request.Failed(out Errno failure)) return failure;
        DirectoryWriter entries = new(reply.Reserve(read.SizeInBytes), isPlus, options.ValidSeconds);
        Errno error = fileSystem.ReadDirectory(in context, in read, ref entries);
        reply.Commit(entries.LengthInBytes);
        return error;
    }

    /// <summary>A struct fuse_open_out that keeps the page cache, which the file system may still change.</summary>
    private ref OpenOut AppendOpened(ref Reply reply)
    {
        ref OpenOut opened = ref reply.Append<OpenOut>();
        if (options.KeepsCache) opened.Flags = OpenReplyFlags.KeepCache;
        return ref opened;
    }
}
