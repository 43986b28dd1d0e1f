using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Linux;

namespace PersistFs.Fuse.Dispatch;

/// <summary>
/// Takes one request apart, has the file system answer it and replies: exactly once, and never where the protocol has
/// no reply.
/// </summary>
internal sealed partial class Dispatcher(
    IFileSystem fileSystem, Channel channel, SessionOptions options, Negotiated? inherited)
{
    private volatile Negotiated? negotiated = inherited;

    /// <summary>Why the kernel cannot be served, once that is known.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Serves a request: <paramref name="thread"/> has read it.</summary>
    public void Dispatch(RequestThread thread, ref Request request)
    {
        RequestContext context = request.ToContext(thread.Index);
        thread.Counters.CountRequest(context.Opcode);
        if (context.IsResent) thread.Counters.CountResent();
        if (request.Traits.HasReply)
        {
            Serve(thread, in context, ref request);
        }
        else
        {
            ServeWithoutReply(in context, ref request);
        }
        if (request.IsMalformed) thread.Counters.CountMalformed();
    }

    /// <summary>
    /// Serves what a dead server had in hand, from where it lies, if it has no reply: the kernel does not send that
    /// again. What has a reply is left alone.
    /// </summary>
    /// <param name="counters">Where it is counted.</param>
    /// <param name="inHand">Which thread of the dead server, and its memory.</param>
    public void DispatchInHand(WorkerCounters counters, RequestInHand inHand)
    {
        Span<byte> memory = inHand.Memory.AsSpan();
        InHeader header = MemoryMarshal.Read<InHeader>(memory);
        if (header.LengthInBytes == 0 || Opcodes.TraitsOf(header.Opcode).HasReply) return;
        counters.CountRequest(header.Opcode);
        Span<byte> message = memory[..(int)Math.Min(header.LengthInBytes, (uint)memory.Length)];
        bool isParsed = Request.TryParse(message, out Request request);
        if (isParsed) ServeWithoutReply(request.ToContext(inHand.Worker), ref request);
        if (!isParsed || request.IsMalformed) counters.CountMalformed();
        MarkServed(memory);
    }

    /// <summary>Zeroes the length in request memory: a successor sees there that no request was in hand.</summary>
    public static void MarkServed(Span<byte> memory) => MemoryMarshal.Write(memory, 0);

    /// <summary>Tells the file system that every request sent again has been answered.</summary>
    public void EndReplay()
    {
        try
        {
            fileSystem.ReplayEnded();
        }
        catch (Exception exception) when (fileSystem.Answers(exception, out _))
        {
            // There is no reply that could say it.
        }
    }

    private void Serve(RequestThread thread, in RequestContext context, ref Request request)
    {
        Reply reply = new(thread.ReplyBody, thread.SegmentVectors);
        Errno answer = Answer(in context, ref request, ref reply);
        if (answer != Errno.OK) reply.Clear();
        bool isDelivered = Send(thread, request.Header.Unique, answer, ref reply);
        if (context.Opcode == Opcode.Init) return;
        if (answer == Errno.OK) Settle(thread, in context, request.Traits.Reply, ref reply, isDelivered);
        fileSystem.Completed(in context, isDelivered);
    }

    private Errno Answer(in RequestContext context, ref Request request, ref Reply reply)
    {
        if (request.Failed(out Errno failure)) return failure;
        if (context.Opcode == Opcode.Init) return Initialize(ref request, ref reply);
        if (negotiated is not { } terms) return Errno.EIO;
        Errno answer = Errno.OK;
        try
        {
            Errno admission = fileSystem.Admit(in context);
            if (admission != Errno.OK) return admission;
            if (context.IsResent && TryRecall(in context, request, ref reply)) return Errno.OK;
            return request.Traits.AwaitsRoom
                ? HandleOrAwaitRoom(in context, terms, ref request, ref reply)
                : Handle(in context, terms, ref request, ref reply);
        }
        catch (Exception exception) when (fileSystem.Answers(exception, out answer))
        {
            return answer;
        }
    }

    /// <summary>The one switch: every opcode that has a reply and is served (<see cref="Opcodes"/>).</summary>
    private Errno Handle(in RequestContext context, Negotiated terms, ref Request request, ref Reply reply) =>
        context.Opcode switch
        {
            Opcode.Lookup => Lookup(in context, ref request, ref reply),
            Opcode.GetAttributes => GetAttributes(in context, ref request, ref reply),
            Opcode.SetAttributes => SetAttributes(in context, ref request, ref reply),
            Opcode.Statx => GetStatx(in context, ref request, ref reply),
            Opcode.Access => Access(in context, ref request),
            Opcode.ReadLink => ReadLink(in context, ref reply),
            Opcode.SymbolicLink => MakeSymbolicLink(in context, ref request, ref reply),
            Opcode.MakeNode => MakeNode(in context, ref request, ref reply),
            Opcode.MakeDirectory => MakeDirectory(in context, ref request, ref reply),
            Opcode.Unlink => Unlink(in context, ref request),
            Opcode.RemoveDirectory => RemoveDirectory(in context, ref request),
            Opcode.Rename => Rename(in context, ref request),
            Opcode.Rename2 => Rename2(in context, ref request),
            Opcode.Link => Link(in context, ref request, ref reply),
            Opcode.Create => Create(in context, terms, ref request, ref reply),
            Opcode.TemporaryFile => MakeTemporaryFile(in context, ref request, ref reply),
            Opcode.Open => Open(in context, terms, ref request, ref reply),
            Opcode.Release => Release(in context, ref request),
            Opcode.Flush => Flush(in context, ref request),
            Opcode.Read => Read(in context, ref request, ref reply),
            Opcode.Write => Write(in context, ref request, ref reply),
            Opcode.Synchronize => Synchronize(in context, ref request),
            Opcode.Allocate => Allocate(in context, ref request),
            Opcode.Seek => Seek(in context, ref request, ref reply),
            Opcode.CopyFileRange => CopyFileRange(in context, ref request, ref reply),
            Opcode.CopyFileRange64 => CopyFileRange64(in context, ref request, ref reply),
            Opcode.OpenDirectory => OpenDirectory(in context, terms, ref request, ref reply),
            Opcode.ReadDirectory => ReadDirectory(in context, isPlus: false, ref request, ref reply),
            Opcode.ReadDirectoryPlus => ReadDirectory(in context, isPlus: true, ref request, ref reply),
            Opcode.ReleaseDirectory => ReleaseDirectory(in context, ref request),
            Opcode.SynchronizeDirectory => SynchronizeDirectory(in context, ref request),
            Opcode.StatFs => fileSystem.GetFileSystemStatus(in context, ref reply.Append<StatFsOut>()),
            Opcode.SynchronizeFileSystem => fileSystem.SynchronizeFileSystem(in context),
            Opcode.SetXattr => SetXattr(in context, terms, ref request),
            Opcode.GetXattr => GetXattr(in context, ref request, ref reply),
            Opcode.ListXattr => ListXattr(in context, ref request, ref reply),
            Opcode.RemoveXattr => RemoveXattr(in context, ref request),
            Opcode.Ioctl => Control(in context, ref request, ref reply),
            Opcode.Destroy => Errno.OK,
            _ => Errno.ENOSYS,
        };

    /// <summary>
    /// INIT: agrees on the terms, once in the life of a connection. They are the file system's to keep before the
    /// kernel knows them; whether it does, a server that dies over INIT leaves open.
    /// </summary>
    private Errno Initialize(ref Request request, ref Reply reply)
    {
        InitIn offer = request.TakePrefix<InitIn>(
            Math.Clamp(request.RemainingLength, InitIn.ShortSizeInBytes, Unsafe.SizeOf<InitIn>()));
        if (request.Failed(out Errno failure)) return failure;
        if (offer.Major > Negotiated.Major)
        {
            // The kernel speaks a later protocol as well; told which one is spoken here, it begins anew.
            reply.Append<InitOut>().Major = Negotiated.Major;
            return Errno.OK;
        }
        if (offer.Major < Negotiated.Major || offer.Minor < Negotiated.MinorMin)
        {
            Refusal = $"the kernel speaks FUSE {offer.Major}.{offer.Minor}; "
                + $"at least {Negotiated.Major}.{Negotiated.MinorMin} (Linux 5.4) is needed";
            return Errno.EPROTO;
        }
        Negotiated terms = negotiated ?? Negotiated.Choose(in offer, options);
        fileSystem.Initialize(terms);
        negotiated = terms;
        terms.FillReply(ref reply.Append<InitOut>());
        return Errno.OK;
    }

    /// <summary>Serves a request that has no reply, and so no errno for an answer.</summary>
    private void ServeWithoutReply(in RequestContext context, ref Request request)
    {
        try
        {
            Forget(in context, ref request);
        }
        catch (Exception exception) when (fileSystem.Answers(exception, out _))
        {
            // There is no reply that could say it.
        }
    }

    /// <summary>Forgets lookups. INTERRUPT comes here too, and nothing waits long enough for one.</summary>
    private void Forget(in RequestContext context, ref Request request)
    {
        if (context.Opcode == Opcode.Forget)
        {
            ForgetOne one = new() { NodeId = context.NodeId, LookupCount = request.Take<ForgetIn>().LookupCount };
            if (!request.Failed(out _)) fileSystem.Forget(in context, new ReadOnlySpan<ForgetOne>(in one));
        }
        else if (context.Opcode == Opcode.BatchForget)
        {
            ReadOnlySpan<ForgetOne> all = request.TakeArray<ForgetOne>(request.Take<BatchForgetIn>().Count);
            if (!request.Failed(out _)) fileSystem.Forget(in context, all);
        }
    }

    private bool Send(RequestThread thread, ulong unique, Errno answer, ref Reply reply)
    {
        OutHeader header = new()
        {
            LengthInBytes = (uint)(Unsafe.SizeOf<OutHeader>() + reply.LengthInBytes) + reply.Segments.LengthInBytes,
            Error = -(int)answer,
            Unique = unique,
        };
        MemoryMarshal.Write(thread.ReplyHeader, in header);
        Errno error = channel.Write(thread.VectorsOf(reply.LengthInBytes, reply.Segments.Count));
        if (error == Errno.ENOENT) thread.Counters.CountUndelivered();
        else if (error != Errno.OK) thread.Counters.CountRefused();
        return error == Errno.OK;
    }
}
