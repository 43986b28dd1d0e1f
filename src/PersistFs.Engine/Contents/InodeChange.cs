using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Contents;

/// <summary>Fields of an inode record that change with its contents. Equal values are not stored again.</summary>
internal static class InodeChange
{
    /// <summary>File blocks up to and with the one that holds byte <paramref name="size"/> - 1.</summary>
    public static ulong BlocksOf(ulong size) => (size + Layout.BlockSizeInBytes - 1) >> Layout.BlockSizeLog2;

    /// <summary>Stores the times of a change of contents.</summary>
    public static void NoteChange(Transaction transaction, ref readonly InodeRecord record, bool isModified = true)
    {
        long now = Libc.FileTimeNow();
        if (isModified && record.ModificationTime != now) transaction.Set(in record.ModificationTime, now);
        if (record.ChangeTime != now) transaction.Set(in record.ChangeTime, now);
    }

    /// <summary>Stores a size in bytes.</summary>
    public static void SetSize(Transaction transaction, ref readonly InodeRecord record, ulong size)
    {
        if (record.Size != size) transaction.Set(in record.Size, size);
    }

    /// <summary>Counts blocks that contents have gained.</summary>
    public static void AddBlocks(Transaction transaction, ref readonly InodeRecord record, ulong count)
    {
        if (count != 0) transaction.Set(in record.BlockCount, record.BlockCount + count);
    }
}
