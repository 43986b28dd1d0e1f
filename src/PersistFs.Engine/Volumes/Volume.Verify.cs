using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;

namespace PersistFs.Engine.Volumes;

/// <summary>A quick look at what has to be whole for the arena to be opened again.</summary>
public sealed partial class Volume
{
    /// <summary>
    /// Verifies both superblocks, the root page in force and the root directory, and that every journal is idle, in a
    /// standstill of microseconds, however large the arena.
    /// </summary>
    /// <param name="patience">How long to wait for operations under way.</param>
    /// <returns>Null when all is well; else what is not, for people.</returns>
    public string? FindHeadFault(TimeSpan patience)
    {
        if (State == VolumeState.ReadOnly) return $"the tree is read-only since damage was found: {Damage}";
        if (!TryFreeze(patience)) return "operations under way do not end, or the arena is just being saved";
        try
        {
            return FindFaultOfHead();
        }
        finally
        {
            Thaw();
        }
    }

    private string? FindFaultOfHead()
    {
        ref readonly Superblock first = ref space.Arena.At<Superblock>(ArenaPointer.Null);
        ref readonly Superblock copy = ref space.Arena.At<Superblock>(new ArenaPointer(Layout.SuperblockCopyOffset));
        if (!Superblocks.IsGood(in first) || !Superblocks.IsGood(in copy)) return "a superblock has a wrong checksum";
        if (first.Checksum != copy.Checksum) return "the superblock and its copy differ";
        bool isRooted = RootPages.IsGood(in RootPages.At(space.Arena, 0))
            || RootPages.IsGood(in RootPages.At(space.Arena, 1));
        if (!isRooted) return "neither root page has a good checksum";
        if (!inodes.Exists(DefaultTree.Root)) return "the root directory does not exist";
        for (int slot = 0; slot < Layout.WorkerSlotCount; slot++)
        {
            if (space.WorkerTableEntry(slot) == 0) continue;
            JournalWord word = new(space.HeaderOfWorker(slot).JournalState);
            if (word.UndoCount != 0 || word.FreeCount != 0) return $"the journal of worker {slot} is not idle";
        }
        return null;
    }
}
