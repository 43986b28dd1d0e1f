using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;

namespace PersistFs.Engine.Tests.Requests;

/// <summary>Servers of one session, each of which dies and leaves what it had in hand to the next.</summary>
internal sealed class ServerChain : IDisposable
{
    private MemoryBacking backing;

    public ServerChain(MemoryArena arena)
    {
        using var snapshot = new SnapshotBacking(arena.Backing);
        backing = MemoryBacking.CopyOf(snapshot);
        Volume = VolumeOpener.Open(backing, new VolumeOptions());
        Tree.ResumeSession();
    }

    /// <summary>The server that lives.</summary>
    public Volume Volume { get; private set; }

    /// <summary>The memory of the server that lives.</summary>
    public MemoryBacking Backing => backing;

    public Tree Tree => Volume.DefaultTree;

    /// <summary>Workers of the server that lives, in the order in which they were attached.</summary>
    public List<Worker> Workers { get; } = [];

    /// <summary>A worker of the server that lives has read a request.</summary>
    /// <param name="index">The worker, which is attached when it is first named.</param>
    /// <param name="request">The request's number.</param>
    public Worker Take(int index, ulong request)
    {
        while (Workers.Count <= index) Workers.Add(Volume.AttachWorker());
        Tree.BeginRequest(Workers[index], request);
        return Workers[index];
    }

    /// <summary>The server is killed, and another takes over.</summary>
    /// <param name="damage">What befalls the arena between the two.</param>
    /// <param name="isKill">Whether the death came from outside.</param>
    public void Die(Action<Volume>? damage = null, bool isKill = false)
    {
        damage?.Invoke(Volume);
        using (var snapshot = new SnapshotBacking(backing))
        {
            MemoryBacking next = MemoryBacking.CopyOf(snapshot);
            Volume.Dispose();
            backing = next;
        }
        Workers.Clear();
        Volume = VolumeOpener.Open(backing, new VolumeOptions());
        Tree.ResumeSession(() => isKill);
    }

    /// <summary>The requests of dead servers are not sent again any more.</summary>
    public void EndReplay() => Tree.ForgetCompletions();

    public void Dispose() => Volume.Dispose();
}
