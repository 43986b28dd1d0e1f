using System.Runtime.CompilerServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>
/// An open arena: what all its trees share. Memory, workers, the freeze, pending inodes, damage.
/// </summary>
/// <remarks>
/// Operations on files are those of a <see cref="Tree"/>; <see cref="OpenTree"/> opens one.
/// Operations may be called from many threads, each with a worker of its own. They return an errno for whatever a
/// caller can cause, and throw <see cref="ArenaCorruptException"/> where the arena is not what it should be.
/// </remarks>
public sealed partial class Volume : IDisposable
{
    private readonly Backing backing;
    private readonly Space space;
    private readonly FreezeGate gate;
    private readonly Superblock superblock;
    private readonly InodeLocks locks = new();
    private readonly InodeTable inodes;
    private readonly PendingLists pending;
    private readonly bool[] isSlotTaken = new bool[Layout.WorkerSlotCount];
    private readonly List<Worker> workers = [];

    internal Volume(Backing backing, Space space, in Superblock superblock, RecoveryReport lastRecovery)
    {
        this.superblock = superblock;
        this.backing = backing;
        this.space = space;
        gate = space.Gate;
        LastRecovery = lastRecovery;
        inodes = new InodeTable(space);
        pending = new PendingLists(space, inodes);
        Attributes = new AttributeList(space);
        Names = new DirectoryMap(space, superblock.HashSeedLow, superblock.HashSeedHigh);
        DefaultTree = OpenTree(InstanceTable.DefaultSlot);
    }

    public RecoveryReport LastRecovery { get; }

    public VolumeState State { get; private set; }

    /// <summary>The damage for which the volume is read-only; null while it is not.</summary>
    public string? Damage { get; private set; }

    internal Space Space => space;

    internal ref readonly Superblock Superblock => ref superblock;

    internal InodeLocks Locks => locks;

    internal InodeTable Inodes => inodes;

    internal PendingLists Pending => pending;

    internal AttributeList Attributes { get; }

    internal DirectoryMap Names { get; }

    /// <summary>Whether any worker is attached.</summary>
    internal bool HasWorkers => workers.Count > 0;

    /// <summary>Whether the arena lies on a disk, so that <see cref="Synchronize"/> has something to do.</summary>
    public bool IsOnDisk => backing.IsOnDisk;

    /// <summary>Makes what was written durable as far as the backing can be: fsync(2), fdatasync(2).</summary>
    /// <remarks>In memory there is nothing to do; an arena on a disk is written back as a whole.</remarks>
    public Errno Synchronize() => backing.Synchronize();

    /// <summary>
    /// Opens the arena at <paramref name="source"/>, finishing or undoing what a dead process left in flight.
    /// </summary>
    /// <exception cref="ArenaException">It is no arena, or not one that can be opened now.</exception>
    public static Volume Open(ArenaSource source, VolumeOptions options) => VolumeOpener.Open(source, options);

    /// <summary>
    /// Refuses, of an arena that may be in use, what <see cref="Open"/> would refuse of its format. Changes nothing.
    /// </summary>
    /// <exception cref="ArenaException">It is no arena, or one of a format that is not known here.</exception>
    public static void RequireKnownFormat(ArenaSource source) => VolumeOpener.RequireKnownFormat(source);

    /// <summary>Gives the calling thread a journal. At most 64 can be attached at once.</summary>
    /// <exception cref="ArenaException">There is no memory for a journal, or no slot.</exception>
    public Worker AttachWorker()
    {
        while (true)
        {
            gate.AwaitOpen();
            lock (workers)
            {
                // A freeze closes the gate before it asks for the lock: a frame is made before that, or after.
                if (gate.IsClosed) continue;
                int slot = Array.IndexOf(isSlotTaken, false);
                if (slot < 0)
                {
                    throw new ArenaException(
                        ArenaFault.InvalidArgument, "All 64 worker slots are taken.", "Use fewer threads.");
                }
                return Attach(slot);
            }
        }
    }

    /// <summary>
    /// Attaches the slots in whose request memory a dead process has left a request, and that are not attached already:
    /// what has no reply is to be finished with the same worker, which knows how far it was.
    /// </summary>
    public IReadOnlyList<Worker> AttachWorkersInHand()
    {
        var found = new List<Worker>();
        lock (workers)
        {
            for (int slot = 0; slot < Layout.WorkerSlotCount; slot++)
            {
                ulong frame = space.WorkerTableEntry(slot);
                if (frame == 0 || isSlotTaken[slot]) continue;
                ArenaPointer buffer = ArenaPointer.OfFrame((uint)frame) + WorkerHeader.RequestBufferOffset;
                if (space.Arena.At<uint>(buffer) == 0) continue;
                found.Add(Attach(slot));
            }
        }
        return found;
    }

    /// <summary>Attaches a slot that is free; the list's lock is held.</summary>
    private Worker Attach(int slot)
    {
        Worker worker = space.AttachWorker(slot);
        isSlotTaken[slot] = true;
        workers.Add(worker);
        return worker;
    }

    /// <summary>Takes the slot back from a worker whose thread has ended.</summary>
    public void DetachWorker(Worker worker)
    {
        lock (workers)
        {
            workers.Remove(worker);
            isSlotTaken[worker.Slot] = false;
        }
    }

    /// <summary>Damage was found: from now on nothing is changed.</summary>
    /// <param name="damage">What it was, for people.</param>
    public void TurnReadOnly(string damage)
    {
        Damage ??= damage;
        State = VolumeState.ReadOnly;
    }

    /// <summary>Lets the arena go. Nothing is saved by it: the arena is as good after a kill.</summary>
    public void Dispose() => backing.Dispose();

    /// <summary>Counts an opening in the root page.</summary>
    internal void NoteOpened()
    {
        RootPage root = RootPages.Read(space.Arena);
        root.TimesOpened++;
        RootPages.Write(space.Arena, root);
    }
}
