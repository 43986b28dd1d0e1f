using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Dump;

/// <summary>The worker frames: counters, and what the next recovery would find in the journals.</summary>
internal sealed class WorkerDump
{
    private readonly ArenaReader image;
    private readonly FrameTableReader table;
    private readonly DumpText text;

    public WorkerDump(ArenaReader image, FrameTableReader table, DumpText text)
    {
        this.image = image;
        this.table = table;
        this.text = text;
    }

    public void Write()
    {
        text.Line("workers");
        for (int slot = 0; slot < Layout.WorkerSlotCount; slot++)
        {
            ulong frame = image.Read<ulong>(new ArenaPointer(Layout.WorkerTableOffset + (ulong)slot * sizeof(ulong)));
            if (frame != 0) WriteWorker(slot, frame);
        }
    }

    private void WriteWorker(int slot, ulong frame)
    {
        FrameDescriptor descriptor = frame < table.FrameCount ? table.At((uint)frame) : default;
        if (!new FrameWord(descriptor.StateWord).IsUsed(FrameType.Worker) || descriptor.Owner != (ulong)slot)
        {
            text.Item($"{slot}: frame {frame}, which is no worker frame of this slot");
            return;
        }
        ArenaPointer start = ArenaPointer.OfFrame((uint)frame);
        WorkerHeader header = image.Read<WorkerHeader>(start);
        var word = new JournalWord(header.JournalState);
        string state = word switch
        {
            { UndoCount: 0, FreeCount: 0 } => "idle",
            { FreeCount: 0 } => $"a transaction is open, {word.UndoCount} entries to undo",
            { UndoCount: 0 } => $"a transaction has committed, {word.FreeCount} things to free",
            _ => $"impossible: {word.UndoCount} entries to undo and {word.FreeCount} things to free",
        };
        text.Item(
            $"{slot}: frame {frame}, {state}; commit word 0x{word.Value:x16}, sequence {word.Sequence}, generations "
                + $"{header.Generations}, inodes {header.Inodes[0]}");
        WriteUndo(start, Math.Min(word.UndoCount, WorkerHeader.UndoCapacity));
        if (word.UndoCount == 0) WriteFrees(start, Math.Min(word.FreeCount, WorkerHeader.FreesCapacity));
        new RequestDump(image, text).Write(start, in header);
    }

    private void WriteUndo(ArenaPointer start, int count)
    {
        for (int index = count - 1; index >= Math.Max(0, count - text.ItemsMax); index--)
        {
            UndoEntry entry = image.Read<UndoEntry>(
                start + WorkerHeader.UndoOffset + (ulong)(index * UndoEntry.SizeInBytes));
            switch (entry.Kind)
            {
                case UndoEntry.KindWord:
                    text.Detail($"undo {index}: {entry.Length} bytes at {entry.Pointer} back to 0x{entry.Old:x}");
                    break;
                case UndoEntry.KindObject:
                    text.Detail($"undo {index}: free {entry.Pointer}, {DumpText.Type((BlockType)(byte)entry.Old)}");
                    break;
                case UndoEntry.KindDataFrame:
                    text.Detail($"undo {index}: free data frame {entry.Pointer.Frame}");
                    break;
                default:
                    text.Detail($"undo {index}: unknown kind {entry.Kind}, 0x{entry.Target:x} 0x{entry.Old:x}");
                    break;
            }
        }
    }

    private void WriteFrees(ArenaPointer start, int count)
    {
        for (int index = count - 1; index >= Math.Max(0, count - text.ItemsMax); index--)
        {
            FreeEntry entry = image.Read<FreeEntry>(
                start + WorkerHeader.FreesOffset + (ulong)(index * FreeEntry.SizeInBytes));
            text.Detail($"free {index}: {entry.Pointer}, {DumpText.Type(entry.Type)}");
        }
    }
}
