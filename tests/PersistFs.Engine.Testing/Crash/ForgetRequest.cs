using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>
/// A request without a reply, which lets go of inodes one after the other: it lies in its worker's memory until it is
/// done.
/// </summary>
/// <param name="number">Its number in the session.</param>
/// <param name="slot">The worker that has read it.</param>
/// <param name="forgotten">Inodes and references.</param>
internal sealed unsafe class ForgetRequest(
    ulong number, int slot, IReadOnlyList<(InodeNumber Inode, ulong Count)> forgotten)
    : ServedRequest
{
    private const uint AnyLength = 64;

    /// <summary>The request is read, as read(2) of the connection does.</summary>
    public static void Arrive(Worker worker) => *(uint*)worker.RequestBuffer = AnyLength;

    public override RequestReply Serve(Volume volume, Worker worker, Action replyLeaves)
    {
        if (worker.Slot == slot)
        {
            if (*(uint*)worker.RequestBuffer != 0) Serve(volume, worker);
        }
        else
        {
            foreach (Worker left in volume.AttachWorkersInHand())
            {
                Serve(volume, left);
                volume.DetachWorker(left);
            }
        }
        replyLeaves();
        return new RequestReply(Errno.OK);
    }

    private void Serve(Volume volume, Worker worker)
    {
        if (worker.Slot != slot) throw new InvalidOperationException($"Worker {worker.Slot} has nothing in hand.");
        for (int index = volume.DefaultTree.BeginForget(worker, number); index < forgotten.Count; index++)
            volume.DefaultTree.Forget(worker, forgotten[index].Inode, forgotten[index].Count, isStep: true);
        *(uint*)worker.RequestBuffer = 0;
    }
}
