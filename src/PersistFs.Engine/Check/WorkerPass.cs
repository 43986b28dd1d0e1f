using PersistFs.Engine.Format;

namespace PersistFs.Engine.Check;

/// <summary>
/// The worker table: each slot's frame is its own, its journal is idle, and what it keeps of requests can be.
/// </summary>
internal sealed class WorkerPass
{
    private readonly CheckContext context;

    public WorkerPass(CheckContext context) => this.context = context;

    public void Run()
    {
        for (int slot = 0; slot < Layout.WorkerSlotCount; slot++)
        {
            ulong frame = context.Space.WorkerTableEntry(slot);
            if (frame != 0) CheckSlot(slot, frame);
        }
    }

    private void CheckSlot(int slot, ulong frame)
    {
        var entry = new ArenaPointer(Layout.WorkerTableOffset + (ulong)slot * sizeof(ulong));
        bool isWorkerFrame = frame >= context.Table.SystemFrameCount && frame < context.Table.FrameCount
            && context.Table.WordOf((uint)frame).IsUsed(FrameType.Worker)
            && context.Table.At((uint)frame).Owner == (ulong)slot;
        if (!isWorkerFrame)
        {
            context.Findings.Add(FindingKind.WorkerTable, entry,
                $"Worker slot {slot} names frame {frame}, which is no worker frame of its own.");
            return;
        }
        if (!context.Uses.TryAddFrame((uint)frame))
        {
            context.Findings.Add(
                FindingKind.UsedTwice, entry, $"Worker slot {slot} names frame {frame}, which is used already.");
            return;
        }
        ArenaPointer start = ArenaPointer.OfFrame((uint)frame);
        new RecordPass(context, slot, start).Run();
        var state = new JournalWord(context.Arena.At<WorkerHeader>(start).JournalState);
        if (state.UndoCount == 0 && state.FreeCount == 0) return;
        context.Findings.Add(
            FindingKind.Journal, start,
            $"The journal of worker {slot} still has {state.UndoCount} undo and {state.FreeCount} free entries.");
    }
}
