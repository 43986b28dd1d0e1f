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

    /// <summary>
    /// Serves the request that <paramref name="worker"/> has read, of <paramref name="length"/> bytes.
    /// </summary>
    public void Dispatch(RequestThread worker, int length)
    {
        if (!Request.TryParse(worker.RequestBytes[..length], out Request request))
        {
            worker.Counters.CountMalformed();
            return;
        }
        RequestContext context = request.ToContext(worker.Index);
        worker.Counters.CountRequest(context.Opcode);
        if (context.IsResent) worker.Counters.CountResent();
        if (HasReply(context.Opcode))
        {
            Serve(worker, in context, ref request);
        }
        else
        {
            Take(in context, ref request);
        }
        if (request.IsMalformed) worker.Counters.CountMalformed();
    }

    /// <summary>
    /// Serves what a dead server had in hand, from where it lies, if it has no reply: the kernel does not send that
    /// again. What has a reply is left alone.
    /// </summary>
    /// <param name="counters">Where it is counted.</param>
    /// <param name="inHand">Which worker of the dead server, and its memory.</param>
    public void DispatchInHand(WorkerCounters counters, RequestInHand inHand)
    {
        Span<byte> memory = inHand.Memory.AsSpan();
        InHeader header = MemoryMarshal.Read<InHeader>(memory);
        if (header.LengthInBytes == 0 || HasReply(header.Opcode)) return;
        counters.CountRequest(header.Opcode);
        Span<byte> message = memory[..(int)Math.Min(header.LengthInBytes, (uint)memory.Length)];
        bool isParsed = Request.TryParse(message, out Request request);
        if (isParsed) Take(request.ToContext(inHand.Worker), ref request);
        if (!isParsed || request.IsMalformed) counters.CountMalformed();
        ClearInHand(memory);
    }

    /// <summary>Whoever finds this memory after a kill sees that no request was in hand.</summary>
    public static void ClearInHand(Span<byte> memory) => MemoryMarshal.Write(memory, 0);

    /// <summary>
    /// Whether a request shows that none is left to be sent again: the kernel puts those before all that are sent for
    /// the first time. Requests without a reply come from queues of their own and show nothing.
    /// </summary>
    public static bool FollowsReplay(ReadOnlySpan<byte> message) =>
        MemoryMarshal.TryRead(message, out InHeader header)
        && HasReply(header.Opcode)
        && (header.Unique & InHeader.ResendBit) == 0;

    /// <summary>
    /// Whether a request may take so long that others should not have to wait for it: most take microseconds.
    /// </summary>
    public static bool MayTakeLong(ReadOnlySpan<byte> message) =>
        MemoryMarshal.TryRead(message, out InHeader header)
        && header.Opcode is Opcode.Allocate or Opcode.CopyFileRange or Opcode.CopyFileRange64
            or Opcode.Synchronize or Opcode.SynchronizeDirectory or Opcode.SynchronizeFileSystem
            or Opcode.BatchForget or Opcode.Ioctl;

    /// <summary>Tells the file system that every request sent again has been answered.</summary>
    public void EndReplay()
    {
        try
        {
            fileSystem.ReplayEnded();
        }
        catch (Exception exception) when (fileSystem.Answers(exception, out _))
        {
            // Nobody waits to be told.
        }
    }

    private void Serve(RequestThread worker, in RequestContext context, ref Request request)
    {
        Reply reply = new(worker.ReplyBody, worker.SegmentVectors);
        Errno answer = Answer(in context, ref request, ref reply);
        if (answer != Errno.OK) reply.Clear();
        bool isDelivered = Send(worker, request.Header.Unique, answer, ref reply);
        if (context.Opcode == Opcode.Init) return;
        if (answer == Errno.OK)
        {
            Account(worker, in context, ref reply);
            if (context.Opcode == Opcode.Read) fileSystem.ReadDone(in context);
            if (!isDelivered) Undo(in context, ref reply);
        }
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
            return Handle(in context, terms, ref request, ref reply);
        }
        catch (Exception exception) when (fileSystem.Answers(exception, out answer))
        {
            return answer;
        }
    }

    /// <summary>The one switch. A request that has a reply gets it from here, whatever it is.</summary>
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

    /// <summary>Requests without a reply, which have no errno for an answer either.</summary>
    private void Take(in RequestContext context, ref Request request)
    {
        try
        {
            Forget(in context, ref request);
        }
        catch (Exception exception) when (fileSystem.Answers(exception, out _))
        {
            // Nobody waits to be told.
        }
    }

    /// <summary>Lookups forgotten; interrupts come here too, and nothing waits long enough for one.</summary>
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

    private bool Send(RequestThread worker, ulong unique, Errno answer, ref Reply reply)
    {
        OutHeader header = new()
        {
            LengthInBytes = (uint)(Unsafe.SizeOf<OutHeader>() + reply.LengthInBytes) + reply.Segments.LengthInBytes,
            Error = -(int)answer,
            Unique = unique,
        };
        MemoryMarshal.Write(worker.ReplyHeader, in header);
        Errno error = channel.Write(worker.VectorsOf(reply.LengthInBytes, reply.Segments.Count));
        if (error == Errno.ENOENT) worker.Counters.CountUndelivered();
        else if (error != Errno.OK) worker.Counters.CountRefused();
        return error == Errno.OK;
    }

    private static void Account(RequestThread worker, in RequestContext context, ref Reply reply)
    {
        if (context.Opcode == Opcode.Read)
        {
            worker.Counters.CountBytesRead(reply.Segments.LengthInBytes);
        }
        else if (context.Opcode == Opcode.Write)
        {
            worker.Counters.CountBytesWritten(MemoryMarshal.Read<WriteOut>(reply.Body).SizeInBytes);
        }
    }

    private static bool HasReply(Opcode opcode) =>
        opcode is not (Opcode.Forget or Opcode.BatchForget or Opcode.Interrupt or Opcode.NotifyReply);
}
