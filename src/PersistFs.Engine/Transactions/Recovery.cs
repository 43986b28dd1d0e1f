using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Transactions;

/// <summary>From what a dead process left to the last commit. It may itself be killed and run again.</summary>
/// <remarks>
/// Runs alone, before the allocator has read the frame table; each step lowers a count once it is done.
/// </remarks>
internal static class Recovery
{
    /// <exception cref="ArenaCorruptException">The worker table or a journal cannot be what it should be.</exception>
    public static RecoveryReport Run(Space space)
    {
        long start = Stopwatch.GetTimestamp();
        int rolledBack = 0;
        int completed = 0;
        // All journals are read before the first store: a damaged one must not leave half of the others applied.
        for (int slot = 0; slot < Layout.WorkerSlotCount; slot++)
        {
            if (TryReadJournal(space, slot, out Journal? journal)) JournalAudit.Require(space, journal);
        }
        for (int slot = 0; slot < Layout.WorkerSlotCount; slot++)
        {
            if (!TryReadJournal(space, slot, out Journal? journal)) continue;
            if (journal.UndoCount > 0) rolledBack++;
            else if (journal.FreeCount > 0) completed++;
            Settle(space, journal);
            ReplyCache.Resolve(space.Arena, journal);
        }
        return new RecoveryReport(rolledBack, completed, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    private static void Settle(Space space, Journal journal)
    {
        if (journal.UndoCount > 0) journal.DiscardFrees();
        while (journal.UndoCount > 0) UndoStep.TakeBack(space, journal);
        while (journal.FreeCount > 0) space.Allocator.FinishFree(journal);
    }

    private static bool TryReadJournal(Space space, int slot, [NotNullWhen(true)] out Journal? journal)
    {
        journal = null;
        ulong frame = space.WorkerTableEntry(slot);
        if (frame == 0) return false;
        RequireWorkerFrame(space, slot, frame);
        journal = new Journal(space.Arena, ArenaPointer.OfFrame((uint)frame));
        return true;
    }

    private static void RequireWorkerFrame(Space space, int slot, ulong frame)
    {
        bool isWorkerFrame = frame >= space.Table.SystemFrameCount && frame < space.Table.FrameCount
            && space.Table.WordOf((uint)frame).IsUsed(FrameType.Worker)
            && space.Table.At((uint)frame).Owner == (ulong)slot;
        if (!isWorkerFrame)
            throw new ArenaCorruptException(
                $"The worker table gives slot {slot} frame {frame}, which is none of its own.");
    }
}
