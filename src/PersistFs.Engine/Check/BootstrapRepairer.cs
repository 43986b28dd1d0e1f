using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Check;

/// <summary>
/// Repairs of what keeps an arena from being opened: root pages, worker table, journals, the root directory.
/// </summary>
/// <remarks>
/// A journal that cannot be what a transaction left is discarded: what it would have undone or freed stays as it is,
/// for the repairs that follow.
/// </remarks>
internal static class BootstrapRepairer
{
    /// <exception cref="ArenaException">The file is no arena, is in use, or cannot be mapped.</exception>
    public static void Run(ArenaSource source, Action<string> onRepair)
    {
        using Backing backing = BackingOpener.Open(source);
        Superblock superblock = Superblocks.Read(backing);
        try
        {
            Run(backing, in superblock, onRepair);
        }
        catch (ArenaCorruptException exception)
        {
            throw new ArenaException(
                ArenaFault.Corrupt, $"{source.Name} is damaged beyond repair: {exception.Message}",
                "Restore it from a saved image.");
        }
    }

    /// <summary>The same for a backing at hand, which stays mapped and open.</summary>
    internal static void Run(Backing backing, in Superblock superblock, Action<string> onRepair)
    {
        if (backing.Map(isPrivate: false, out nint address) != Errno.OK)
            throw new ArenaException(
                ArenaFault.NoSpace, $"{backing.Name} cannot be mapped.", "Free memory or huge pages.");
        var arena = new Arena(address, backing.Length);
        var table = new FrameTable(arena, superblock.FrameCountMax, superblock.FrameTableCapacity);
        if (!table.WordOf(0).IsUsed(FrameType.System))
        {
            table.SetWord(0, new FrameWord(FrameState.Used, FrameType.System));
            onRepair("Frame 0 is one of the frame table again.");
        }
        BackingAudit.ReservePresentFrames(backing, table);
        if (!RootPages.IsGood(in RootPages.At(arena, 0)) && !RootPages.IsGood(in RootPages.At(arena, 1)))
        {
            RootPages.Write(arena, new RootPage { SessionLast = LastSession(arena) });
            onRepair("The first root page is made anew.");
        }
        var space = new Space(arena, backing, table);
        for (int slot = 0; slot < Layout.WorkerSlotCount; slot++) RepairWorker(space, slot, onRepair);
        // What is in flight may be the change that makes frames, blocks and the root what they should be.
        _ = space.Open();
        RepairFrames(space, in superblock, onRepair);
        RepairRoot(space, onRepair);
    }

    /// <summary>
    /// The highest session that an instance knows: lookup counts of it must not seem to be of a new one.
    /// </summary>
    private static ulong LastSession(Arena arena)
    {
        ulong last = 0;
        for (int slot = 0; slot < Layout.InstanceCount; slot++)
        {
            ulong session = arena.At<InstanceRecord>(Layout.InstanceAt(slot)).Session;
            if (session <= Layout.SessionMax) last = Math.Max(last, session);
        }
        return last;
    }

    private static void RepairWorker(Space space, int slot, Action<string> onRepair)
    {
        ref readonly ulong entry = ref space.WorkerTableEntry(slot);
        if (entry == 0) return;
        bool isWorkerFrame = entry >= space.Table.SystemFrameCount && entry < space.Table.FrameCount
            && space.Table.WordOf((uint)entry).IsUsed(FrameType.Worker)
                && space.Table.At((uint)entry).Owner == (ulong)slot;
        if (!isWorkerFrame)
        {
            Store.Word(ref space.Arena.Target<ulong>(space.Arena.PointerTo(in entry)), 0UL);
            onRepair($"Worker slot {slot} has no frame now: what it named is no worker frame of its own.");
            return;
        }
        ArenaPointer start = ArenaPointer.OfFrame((uint)entry);
        try
        {
            JournalAudit.Require(space, new Journal(space.Arena, start));
        }
        catch (ArenaCorruptException exception)
        {
            var word = new JournalWord(space.Arena.At<WorkerHeader>(start).JournalState);
            Store.Word(ref space.Arena.Target<ulong>(start),
                new JournalWord(0, 0, JournalWord.AfterAbort(word.Sequence)).Value);
            onRepair($"The journal of worker {slot} is discarded: {exception.Message}");
        }
    }

    /// <summary>Before the root is looked for: it lies in a block.</summary>
    private static void RepairFrames(Space space, in Superblock superblock, Action<string> onRepair)
    {
        var plan = new RepairPlan();
        var check = new CheckContext(space, progress: null, plan);
        new FramePass(space.Arena, space.Table, check.Findings).Run(check.Frames("frames"));
        if (check.Findings.Count == 0) return;
        var context = new RepairContext(space, space.AttachWorker(0), in superblock, InodeNumber.None);
        context.Begin(check);
        foreach (Repair repair in plan.Stages.SelectMany(stage => stage))
        {
            if (repair.Act(context) is { } line) onRepair(line);
        }
        _ = space.Open();
    }

    private static void RepairRoot(Space space, Action<string> onRepair)
    {
        ref readonly InstanceRecord instance = ref space.Arena.At<InstanceRecord>(Layout.InstanceAt(0));
        var inodes = new InodeTable(space);
        var root = new InodeNumber(instance.RootInode);
        if (inodes.Exists(root) && ModeBits.IsDirectory(inodes.At(root).Mode)) return;
        if (inodes.Exists(root) && inodes.At(root).Parent == root.Value)
        {
            // Only a root is its own parent: the record is right but for its type.
            using Transaction repair = space.AttachWorker(0).Begin();
            ref readonly InodeRecord record = ref inodes.At(root);
            repair.Set(in record.Mode, record.Mode & ModeBits.PermissionMask | ModeBits.Directory);
            repair.Set(
                in record.ContentsWord, new ContentsWord(record.ContentsWord).WithShape(ContentsKind.Directory).Value);
            repair.Commit();
            onRepair($"Inode {root}: the root is a directory again.");
            return;
        }
        MakeRoot(space, inodes, in instance, onRepair);
    }

    private static void MakeRoot(
        Space space, InodeTable inodes, ref readonly InstanceRecord instance, Action<string> onRepair)
    {
        using Transaction transaction = space.AttachWorker(0).Begin();
        if (!transaction.TryReserve(1, SpaceLevel.Acknowledged))
            throw new ArenaException(
                ArenaFault.NoSpace, "There is no memory for a root directory.", "Give the arena more memory.");
        InodeNumber root = LinkRepairs.CreateDirectory(transaction, inodes, InodeNumber.None, permissions: 0x1ED);
        transaction.Set(in inodes.At(root).Parent, root.Value);
        transaction.Set(in instance.RootInode, root.Value);
        transaction.Commit();
        onRepair($"Inode {root}: a new root directory is made, since there was none.");
    }
}
