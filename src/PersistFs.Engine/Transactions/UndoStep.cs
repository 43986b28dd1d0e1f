using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Transactions;

/// <summary>
/// Takes back the newest entry of a journal: for an abort, and for recovery once the journal has been audited.
/// </summary>
internal static class UndoStep
{
    public static void TakeBack(Space space, Journal journal)
    {
        UndoEntry entry = journal.LastUndo();
        switch (entry.Kind)
        {
            case UndoEntry.KindWord:
                RestoreWord(space, in entry);
                journal.DropUndo();
                break;
            case UndoEntry.KindObject:
                space.Allocator.UndoAllocation(journal, entry.Pointer, (BlockType)entry.Old);
                break;
            default:
                space.Allocator.UndoAllocation(journal, entry.Pointer, BlockType.DataFrame);
                break;
        }
    }

    private static void RestoreWord(Space space, in UndoEntry entry)
    {
        ArenaPointer pointer = entry.Pointer;
        switch (entry.Length)
        {
            case sizeof(ulong):
                Store.Word(ref space.Arena.Target<ulong>(pointer), entry.Old);
                break;
            case sizeof(uint):
                Store.Word(ref space.Arena.Target<uint>(pointer), (uint)entry.Old);
                break;
            case sizeof(ushort):
                Store.Word(ref space.Arena.Target<ushort>(pointer), (ushort)entry.Old);
                break;
            default:
                Store.Word(ref space.Arena.Target<byte>(pointer), (byte)entry.Old);
                break;
        }
    }
}
