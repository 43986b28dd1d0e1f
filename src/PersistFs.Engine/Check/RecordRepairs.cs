using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Check;

/// <summary>How fields of an inode record are put right.</summary>
internal static class RecordRepairs
{
    private const uint KnownFlags = 0xF0;

    /// <summary>Gives a record the type that goes with its contents; permissions stay.</summary>
    public static void SetMode(Transaction transaction, ref readonly InodeRecord record)
    {
        bool isDirectory = new ContentsWord(record.ContentsWord).Kind == ContentsKind.Directory;
        uint mode = record.Mode & 0xFFFF;
        if (!ModeBits.IsKnownType(mode))
            mode = mode & ModeBits.PermissionMask | (isDirectory ? ModeBits.Directory : ModeBits.Regular);
        transaction.Set(in record.Mode, mode);
    }

    public static void RenewGeneration(Transaction transaction, ref readonly InodeRecord record) =>
        transaction.Set(in record.Generation, transaction.Worker.NextGeneration());

    public static void ClearUnknownFlags(Transaction transaction, ref readonly InodeRecord record) =>
        transaction.Set(in record.Flags, record.Flags & KnownFlags);

    /// <summary>The largest size that the contents may have: nothing that is there is lost by it.</summary>
    public static void LimitSize(Transaction transaction, ref readonly InodeRecord record)
    {
        var word = new ContentsWord(record.ContentsWord);
        var shape = new MapShape(word.Height, word.RootLog2);
        ulong most = word.Kind switch
        {
            ContentsKind.Packed => SizeClass.ObjectSizeMax,
            ContentsKind.Mapped when shape.IsValid => Math.Min(shape.Coverage, 1UL << 50) << Layout.BlockSizeLog2,
            _ => 0,
        };
        transaction.Set(in record.Size, most);
    }

    public static void ClearReservedBits(Transaction transaction, ref readonly InodeRecord record) =>
        transaction.Set(in record.ContentsWord, new ContentsWord(record.ContentsWord).WithoutReserved().Value);

    public static void ClearShape(Transaction transaction, ref readonly InodeRecord record)
    {
        ContentsWord word = new ContentsWord(record.ContentsWord).WithoutReserved();
        transaction.Set(in record.ContentsWord, word.WithShape(word.Kind).Value);
    }

    public static void MoveToFirstInstance(Transaction transaction, ref readonly InodeRecord record) =>
        transaction.Set(in record.ContentsWord, new ContentsWord(record.ContentsWord).WithInstance(0).Value);

    public static void ClearPendingLinks(Transaction transaction, ref readonly InodeRecord record)
    {
        transaction.Set(in record.PendingNext, 0UL);
        transaction.Set(in record.PendingPrevious, 0UL);
    }

    public static void ClearParent(Transaction transaction, ref readonly InodeRecord record) =>
        transaction.Set(in record.Parent, 0UL);

    public static void ClearSize(Transaction transaction, ref readonly InodeRecord record) =>
        transaction.Set(in record.Size, 0UL);

    public static void ClearContentsRoot(Transaction transaction, ref readonly InodeRecord record) =>
        transaction.Set(in record.Contents, 0UL);

    /// <summary>A symbolic link that cannot be one becomes a regular file with the same contents.</summary>
    public static void MakeRegular(Transaction transaction, ref readonly InodeRecord record) =>
        transaction.Set(in record.Mode, record.Mode & ModeBits.PermissionMask | ModeBits.Regular);

    /// <summary>Contents that cannot be found: the file is empty from now on.</summary>
    public static void DropContents(Transaction transaction, ref readonly InodeRecord record)
    {
        bool isDirectory = ModeBits.IsDirectory(record.Mode);
        ContentsKind kind = isDirectory ? ContentsKind.Directory : ContentsKind.None;
        transaction.Set(in record.ContentsWord, new ContentsWord(record.ContentsWord).WithShape(kind).Value);
        transaction.Set(in record.Contents, 0UL);
        transaction.Set(in record.BlockCount, 0UL);
        if (record.Size != 0) transaction.Set(in record.Size, 0UL);
    }

    /// <summary>
    /// Makes type and kind of contents agree. Only directories have a parent: that decides between the two.
    /// </summary>
    public static void MatchKind(Transaction transaction, ref readonly InodeRecord record)
    {
        var word = new ContentsWord(record.ContentsWord);
        bool isDirectory = ModeBits.IsDirectory(record.Mode);
        if ((isDirectory || word.Kind == ContentsKind.Directory) && record.Parent != 0)
        {
            transaction.Set(in record.Mode, record.Mode & ModeBits.PermissionMask | ModeBits.Directory);
            transaction.Set(in record.ContentsWord, word.WithShape(ContentsKind.Directory).Value);
            return;
        }
        bool hasFileContents = word.Kind is ContentsKind.Packed or ContentsKind.Mapped;
        bool isSpecial = !isDirectory && !ModeBits.IsRegular(record.Mode) && !ModeBits.IsSymbolicLink(record.Mode);
        if (isSpecial && record.Size == 0)
        {
            // A device keeps its number, which lies where the contents root of other files does.
            transaction.Set(in record.ContentsWord, word.WithShape(ContentsKind.None).Value);
            transaction.Set(in record.BlockCount, 0UL);
            return;
        }
        MakeRegular(transaction, in record);
        if (!hasFileContents) DropContents(transaction, in record);
    }
}
