using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Check;

/// <summary>Repairs of single words: fields of records, pointers, sums.</summary>
internal static class Repairs
{
    /// <summary>Changes fields of an inode's record.</summary>
    /// <param name="stage">When.</param>
    /// <param name="inode">The inode.</param>
    /// <param name="what">What is done, after "Inode N: ".</param>
    /// <param name="change">The change.</param>
    public static Repair Record(RepairStage stage, InodeNumber inode, string what, RecordChange change) => new(
        stage,
        context =>
        {
            if (!context.Inodes.Exists(inode)) return null;
            using Transaction transaction = context.Worker.Begin();
            change(transaction, in context.Inodes.At(inode));
            transaction.Commit();
            return $"Inode {inode}: {what}.";
        });

    /// <summary>Changes a word that leads to where it should not, if it still does.</summary>
    /// <param name="inode">Whose pointer it is.</param>
    /// <param name="link">The word.</param>
    /// <param name="value">What it holds.</param>
    /// <param name="replacement">What it shall hold; 0 to lead nowhere.</param>
    /// <param name="count">Words from there on that hold the same and are changed together.</param>
    public static Repair Redirect(
        InodeNumber inode, ArenaPointer link, ulong value, ulong replacement = 0, int count = 1) => new(
        RepairStage.Pointer,
        context =>
        {
            if (!MayStore(context.Space, link)) return null;
            using Transaction transaction = context.Worker.Begin();
            int changed = 0;
            for (int index = 0; index < count; index++)
            {
                ref readonly ulong word = ref context.Arena.At<ulong>(link + (ulong)(index * sizeof(ulong)));
                if (word != value) continue;
                transaction.Set(in word, replacement);
                changed++;
            }
            transaction.Commit();
            string what = replacement == 0 ? "cut off" : $"replaced by 0x{replacement:x}";
            return changed == 0 ? null : $"Inode {inode}: the pointer 0x{value:x} at {link} {what}.";
        });

    /// <summary>Sets the number of blocks that hold a file's contents, or of a directory's entries.</summary>
    public static Repair SetBlockCount(InodeNumber inode, ulong count) => Record(
        RepairStage.Name, inode, $"its count is {count} now",
        (Transaction transaction, ref readonly InodeRecord record) => transaction.Set(in record.BlockCount, count));

    /// <summary>Makes the workers' counts of an instance's inodes add up to those there are.</summary>
    public static Repair CountInodes(int instance, long counted, long found) => new(RepairStage.Leak, context =>
    {
        using Transaction transaction = context.Worker.Begin();
        transaction.CountInodes(instance, found - counted);
        transaction.Commit();
        return $"Instance {instance}: the count of inodes is {found} now.";
    });

    /// <summary>Frees what nothing leads to.</summary>
    public static Repair Free(ArenaPointer pointer, BlockType type) => new(RepairStage.Leak, context =>
    {
        using Transaction transaction = context.Worker.Begin();
        transaction.Free(pointer, type);
        transaction.Commit();
        string what = type == BlockType.DataFrame ? "data frame"
            : SizeClass.IsSlab(type) ? $"object of {SizeClass.ObjectSize(type)} bytes" : "block";
        return $"The {what} at {pointer} is freed.";
    });

    /// <summary>Whether transactions may store there: in an allocated block, or in the tables of frame 0.</summary>
    private static bool MayStore(Space space, ArenaPointer pointer) => pointer.Frame == 0
        ? pointer.Value is >= Layout.JournaledAreaStart and < Layout.JournaledAreaEnd
        : space.Table.IsInAllocatedBlock(pointer) && space.Table.TypeAt(pointer) != BlockType.Data;
}
