using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>A standstill of the tree, while the volume stays open.</summary>
public sealed partial class Volume
{
    /// <summary>
    /// Waits until every worker is between two operations and holds new ones off until <see cref="Thaw"/>: readers and
    /// writers, and the memory that is fetched and given back in the background. All journals are idle then, so a copy
    /// of the arena opens with nothing to recover.
    /// </summary>
    /// <remarks>
    /// What is held off waits; nobody sees an error. What is not an operation goes on: a request is noted as in hand,
    /// its record dropped when its reply has left, its bytes lie in its worker's buffers. So the frames of workers
    /// change behind their journals, and what changes there means nothing to another session.
    /// The caller is no worker in an operation, and thaws within milliseconds: clients wait.
    /// </remarks>
    /// <param name="wait">
    /// How long to wait for operations under way, which is part of the time that clients wait.
    /// </param>
    /// <returns>
    /// False, with nothing held off any more, when an operation under way took longer, or when somebody else has frozen
    /// the volume.
    /// </returns>
    public bool TryFreeze(TimeSpan wait)
    {
        if (!gate.TryClose()) return false;
        if (Epoch.TryAwaitQuiescence(EpochsOfOthers(self: null), wait)) return true;
        gate.Open();
        return false;
    }

    /// <summary>Lets operations go on that <see cref="TryFreeze"/> holds off; without it nothing happens.</summary>
    public void Thaw() => gate.Open();

    /// <summary>Whether operations are held off.</summary>
    public bool IsFrozen => gate.IsClosed;

    /// <summary>Of all workers but one: those whose operations are waited for.</summary>
    private Epoch[] EpochsOfOthers(Worker? self)
    {
        lock (workers) return [.. workers.Where(worker => worker != self).Select(worker => worker.Epoch)];
    }
}
