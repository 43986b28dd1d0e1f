using PersistFs.Fuse.Abi;
using PersistFs.Fuse.Messages;
using PersistFs.Fuse.Negotiation;
using PersistFs.Linux;

namespace PersistFs.Fuse.Dispatch;

/// <summary>Requests that come again: executed by an earlier server, or refused for want of room.</summary>
internal sealed partial class Dispatcher
{
    /// <summary>Rebuilds the reply of a request that an earlier server has executed.</summary>
    /// <param name="context">The request.</param>
    /// <param name="request">A copy of the cursor: the request itself may still have to be executed.</param>
    /// <param name="reply">Filled where the request was executed, else left empty.</param>
    private bool TryRecall(in RequestContext context, Request request, ref Reply reply)
    {
        EntryOut unused = default;
        switch (request.Traits.Recall)
        {
            case RecalledReply.Errno:
                return fileSystem.TryRecall(in context, ref unused);

            case RecalledReply.Entry:
                ref EntryOut entry = ref reply.Append<EntryOut>();
                if (fileSystem.TryRecall(in context, ref entry))
                {
                    Stamp(ref entry, Errno.OK);
                    if (request.Traits.Reply == ReplyShape.EntryAndOpen) AppendOpened(ref reply);
                    return true;
                }
                reply.Clear();
                return false;

            case RecalledReply.Listing:
                uint size = request.Take<ReadIn>().SizeInBytes;
                if (request.Failed(out _)) return false;
                DirectoryWriter entries = new(reply.Reserve(size), isPlus: true, options.ValidSeconds);
                if (!fileSystem.TryRecallListing(in context, ref entries)) return false;
                reply.Commit(entries.LengthInBytes);
                return true;

            default:
                return false;
        }
    }

    /// <summary>Handles a request again and again while room is about to come (ENOSPC).</summary>
    private Errno HandleOrAwaitRoom(
        in RequestContext context, Negotiated terms, ref Request request, ref Reply reply)
    {
        Request start = request;
        Errno answer = Handle(in context, terms, ref request, ref reply);
        RoomWait wait = default;
        while (answer == Errno.ENOSPC && fileSystem.AwaitRoom(in context, ref wait))
        {
            request = start;
            reply.Clear();
            answer = Handle(in context, terms, ref request, ref reply);
        }
        return answer;
    }
}
