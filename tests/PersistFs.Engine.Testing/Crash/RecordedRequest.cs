using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>A request with a reply, which must be executed once.</summary>
/// <param name="number">Its number in the session.</param>
/// <param name="execute">Executes it.</param>
internal sealed class RecordedRequest(ulong number, Func<Volume, Worker, RequestReply> execute) : ServedRequest
{
    public override RequestReply Serve(Volume volume, Worker worker, Action replyLeaves)
    {
        if (volume.DefaultTree.IsGivenUp(number))
        {
            replyLeaves();
            return RequestReply.GivenUp;
        }
        volume.DefaultTree.BeginRequest(worker, number);
        RequestReply reply = Recall(volume) ?? execute(volume, worker);
        replyLeaves();
        volume.DefaultTree.EndRequest(worker);
        volume.DefaultTree.ForgetCompletion(number);
        return reply;
    }

    private RequestReply? Recall(Volume volume)
    {
        if (volume.DefaultTree.TryRecallListing(number, out ReadOnlySpan<byte> listing))
            return new RequestReply(Errno.OK, Listing: listing.ToArray()) { IsRecalled = true };
        return volume.DefaultTree.TryRecall(number, out InodeAttributes attributes)
            ? new RequestReply(Errno.OK, attributes) { IsRecalled = true }
            : null;
    }
}
