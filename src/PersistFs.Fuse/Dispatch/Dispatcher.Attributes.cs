using System.Runtime.CompilerServices;
using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Linux;

namespace PersistFs.Fuse.Dispatch;

/// <summary>
/// Operations on what is known of a file: attributes, extended attributes, link targets, device control.
/// </summary>
internal sealed partial class Dispatcher
{
    private Errno GetAttributes(in RequestContext context, ref Request request, ref Reply reply)
    {
        GetAttributesIn query = request.Take<GetAttributesIn>();
        if (request.Failed(out Errno failure)) return failure;
        ref AttributesOut answer = ref reply.Append<AttributesOut>();
        answer.ValidSeconds = options.ValidSeconds;
        return fileSystem.GetAttributes(in context, in query, ref answer.Attributes);
    }

    private Errno SetAttributes(in RequestContext context, ref Request request, ref Reply reply)
    {
        SetAttributesIn change = request.Take<SetAttributesIn>();
        if (request.Failed(out Errno failure)) return failure;
        ref AttributesOut answer = ref reply.Append<AttributesOut>();
        answer.ValidSeconds = options.ValidSeconds;
        return fileSystem.SetAttributes(in context, in change, ref answer.Attributes);
    }

    private Errno GetStatx(in RequestContext context, ref Request request, ref Reply reply)
    {
        StatxIn query = request.Take<StatxIn>();
        if (request.Failed(out Errno failure)) return failure;
        ref StatxOut answer = ref reply.Append<StatxOut>();
        answer.ValidSeconds = options.ValidSeconds;
        return fileSystem.GetStatx(in context, in query, ref answer.Status);
    }

    private Errno Access(in RequestContext context, ref Request request)
    {
        uint mask = request.Take<AccessIn>().Mask;
        return request.Failed(out Errno failure) ? failure : fileSystem.Access(in context, mask);
    }

    private Errno ReadLink(in RequestContext context, ref Reply reply)
    {
        Errno error = fileSystem.ReadLink(in context, reply.Reserve(LinkTargetLengthMax), out int length);
        if (error == Errno.OK) reply.Commit(length);
        return error;
    }

    private Errno SetXattr(in RequestContext context, Negotiated terms, ref Request request)
    {
        SetXattrIn change = request.TakePrefix<SetXattrIn>(
            terms.Has(InitFlags.SetXattrExtended) ? Unsafe.SizeOf<SetXattrIn>() : SetXattrIn.ShortSizeInBytes);
        ReadOnlySpan<byte> name = TakeXattrName(ref request, out Errno nameError);
        ReadOnlySpan<byte> value = request.TakeBytes(change.SizeInBytes);
        if (request.Failed(out Errno failure)) return failure;
        return nameError == Errno.OK ? fileSystem.SetXattr(in context, in change, name, value) : nameError;
    }

    private Errno GetXattr(in RequestContext context, ref Request request, ref Reply reply)
    {
        uint size = request.Take<GetXattrIn>().SizeInBytes;
        ReadOnlySpan<byte> name = TakeXattrName(ref request, out Errno nameError);
        if (request.Failed(out Errno failure)) return failure;
        if (nameError != Errno.OK) return nameError;
        Errno error = fileSystem.GetXattr(in context, name, reply.Reserve(size), out int length);
        return error == Errno.OK ? AnswerXattr(size, length, ref reply) : error;
    }

    private Errno ListXattr(in RequestContext context, ref Request request, ref Reply reply)
    {
        uint size = request.Take<GetXattrIn>().SizeInBytes;
        if (request.Failed(out Errno failure)) return failure;
        Errno error = fileSystem.ListXattr(in context, reply.Reserve(size), out int length);
        return error == Errno.OK ? AnswerXattr(size, length, ref reply) : error;
    }

    private Errno RemoveXattr(in RequestContext context, ref Request request)
    {
        ReadOnlySpan<byte> name = TakeXattrName(ref request, out Errno nameError);
        if (request.Failed(out Errno failure)) return failure;
        return nameError == Errno.OK ? fileSystem.RemoveXattr(in context, name) : nameError;
    }

    private Errno Control(in RequestContext context, ref Request request, ref Reply reply)
    {
        IoctlIn control = request.Take<IoctlIn>();
        ReadOnlySpan<byte> input = request.TakeBytes(control.InputSizeInBytes);
        if (request.Failed(out Errno failure)) return failure;
        reply.Append<IoctlOut>();
        Span<byte> output = reply.Reserve(control.OutputSizeInBytes);
        output.Clear();
        Errno error = fileSystem.Control(in context, in control, input, output, out int length);
        if (error == Errno.OK) reply.Commit(length);
        return error;
    }

    /// <summary>The value or list itself, or how long it is when that was all the caller asked.</summary>
    private static Errno AnswerXattr(uint size, int length, ref Reply reply)
    {
        if (size == 0)
        {
            reply.Append<GetXattrOut>().SizeInBytes = (uint)length;
        }
        else
        {
            reply.Commit(length);
        }
        return Errno.OK;
    }

    private static ReadOnlySpan<byte> TakeXattrName(ref Request request, out Errno error)
    {
        ReadOnlySpan<byte> name = request.TakeText();
        error = name.Length is 0 or > FileName.LengthMax ? Errno.ERANGE : Errno.OK;
        return name;
    }
}
