using PersistFs.Engine.Arenas;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;

namespace PersistFs.Engine.Testing.Corruption;

/// <summary>Takes over what a dead server is said to have left in a damaged arena, as a server does.</summary>
internal static class InheritedUse
{
    /// <summary>The request that a <see cref="FuzzImage"/> has listed a directory for.</summary>
    public const ulong Listed = 100;

    /// <summary>The request that it has looked an inode up for.</summary>
    public const ulong LookedUp = 102;

    /// <summary>The request that it forgets inodes for.</summary>
    public const ulong Forgotten = 104;

    /// <summary>Before any worker is attached.</summary>
    /// <returns>The worker that goes on.</returns>
    public static Worker Run(Volume volume)
    {
        volume.DefaultTree.ResumeSession();
        Worker worker = volume.AttachWorker();
        foreach (Worker left in volume.AttachWorkersInHand())
        {
            if (volume.DefaultTree.BeginForget(left, Forgotten) == 0) volume.DefaultTree.Forget(left,
                volume.DefaultTree.Root, 1, isStep: true);
            volume.DetachWorker(left);
        }
        foreach (ulong request in (ulong[])[Listed, LookedUp])
        {
            _ = volume.DefaultTree.IsGivenUp(request);
            volume.DefaultTree.BeginRequest(worker, request);
            try
            {
                _ = volume.DefaultTree.TryRecallListing(request, out _);
                _ = volume.DefaultTree.TryRecall(request, out _);
            }
            catch (ArenaCorruptException exception)
            {
                volume.TurnReadOnly(exception.Message);
            }
            volume.DefaultTree.EndRequest(worker);
            volume.DefaultTree.ForgetCompletion(request);
        }
        volume.DefaultTree.ForgetCompletions();
        volume.DefaultTree.BeginRequest(worker, Forgotten + 2);
        return worker;
    }
}
