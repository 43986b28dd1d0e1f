using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Check;

/// <summary>Every inode record in use: its fields, and by other passes its contents and attributes.</summary>
internal sealed class InodePass
{
    private const int TargetLengthMax = 4095;
    private const uint KnownFlags = 0xF0;

    /// <summary>
    /// Bits of the contents word that mean nothing yet: of the pending flags and behind the instance.
    /// </summary>
    private const ulong ReservedContentsBits = 0xFFFF_0000_FC00_0000;

    private readonly CheckContext context;
    private readonly MapPass maps;
    private readonly DirectoryPass directories;
    private readonly AttributePass attributes;

    public InodePass(CheckContext context, ulong seedLow, ulong seedHigh)
    {
        this.context = context;
        maps = new MapPass(context);
        directories = new DirectoryPass(context, seedLow, seedHigh);
        attributes = new AttributePass(context);
    }

    public void Run()
    {
        foreach (InodeNumber inode in context.AllocatedInodes("inodes"))
        {
            try
            {
                CheckInode(inode);
            }
            catch (ArenaCorruptException exception)
            {
                context.Findings.Add(FindingKind.BadPointer, inode, exception.Message);
            }
        }
    }

    private void CheckInode(InodeNumber inode)
    {
        ref readonly InodeRecord record = ref context.RecordOf(inode);
        context.Uses.TryAdd(inode.Record);
        if (record.Mode == 0)
        {
            context.Findings.Add(
                FindingKind.Leak,
                inode,
                "its record is allocated and not in use.",
                Repairs.Free(inode.Record, BlockType.InodeSlab));
            return;
        }
        var word = new ContentsWord(record.ContentsWord);
        context.Inodes++;
        if (word.Instance < Layout.InstanceCount) context.InodesOfInstance[word.Instance]++;
        CheckFields(inode, in record, word);
        attributes.Check(inode, in record);
        switch (word.Kind)
        {
            case ContentsKind.None:
                CheckNone(inode, in record);
                break;
            case ContentsKind.Packed:
                CheckPacked(inode, in record);
                break;
            case ContentsKind.Mapped:
                maps.Check(inode, in record, word);
                break;
            case ContentsKind.Directory:
                context.Directories++;
                directories.Check(inode, in record);
                break;
            default:
                Report(
                    inode,
                    $"has contents of kind {(int)word.Kind}, which is unknown.",
                    "its contents are lost",
                    RecordRepairs.DropContents);
                break;
        }
    }

    private void CheckFields(InodeNumber inode, in InodeRecord record, ContentsWord word)
    {
        if (!ModeBits.IsKnownType(record.Mode) || record.Mode >> 16 != 0)
            Report(
                inode, $"has mode 0{Convert.ToString(record.Mode, 8)}.", "has a mode of a known type now",
                RecordRepairs.SetMode);
        if (record.Generation == 0)
        {
            Report(inode, "has generation 0.", "has a generation now", RecordRepairs.RenewGeneration);
        }
        if ((record.Flags & ~KnownFlags) != 0)
            Report(
                inode, $"has unknown flags 0x{record.Flags:x}.", "its unknown flags are cleared",
                RecordRepairs.ClearUnknownFlags);
        if (record.Size > long.MaxValue)
            Report(
                inode, $"has size {record.Size}, which is too large.", "its size is what its contents allow",
                RecordRepairs.LimitSize);
        if ((word.Value & ReservedContentsBits) != 0)
            Report(
                inode, $"has reserved bits set beside its contents kind: 0x{word.Value:x}.",
                "its reserved bits are cleared", RecordRepairs.ClearReservedBits);
        if (word.Instance >= Layout.InstanceCount || context.InstanceAt(word.Instance).RootInode == 0)
            Report(
                inode,
                $"belongs to instance {word.Instance}, which does not exist.",
                "belongs to instance 0 now",
                RecordRepairs.MoveToFirstInstance);
        if (!word.IsPending && (record.PendingNext != 0 || record.PendingPrevious != 0))
            context.Findings.Add(
                FindingKind.InodeRecord,
                inode,
                "has links of a pending list and is on none.",
                LinkRepairs.RebuildPendingLists);
        CheckType(inode, in record, word);
    }

    /// <summary>Fields that depend on what type of file it is.</summary>
    private void CheckType(InodeNumber inode, in InodeRecord record, ContentsWord word)
    {
        // What is about to go may have lost its contents already.
        bool isOrphan = record.LinkCount == 0;
        if (!IsKindOfType(word.Kind, record.Mode) && !(isOrphan && word.Kind == ContentsKind.None))
            Report(
                inode,
                $"is of mode 0{Convert.ToString(record.Mode, 8)} and has contents of kind {word.Kind}.",
                "has contents of its type now",
                RecordRepairs.MatchKind);
        bool isDirectory = ModeBits.IsDirectory(record.Mode);
        if (!isDirectory && record.Parent != 0)
            Report(
                inode, $"is no directory and has parent {record.Parent}.", "has no parent now",
                RecordRepairs.ClearParent);
        bool hasSize = ModeBits.IsRegular(record.Mode) || ModeBits.IsSymbolicLink(record.Mode);
        if (!hasSize && record.Size != 0)
            Report(
                inode, $"is of a type without contents and has size {record.Size}.", "its size is 0 now",
                RecordRepairs.ClearSize);
        if (ModeBits.IsSymbolicLink(record.Mode) && !isOrphan && record.Size is 0 or > TargetLengthMax)
            Report(
                inode,
                $"is a symbolic link of {record.Size} bytes.",
                "is a regular file now",
                RecordRepairs.MakeRegular);
        if (word.Kind != ContentsKind.Mapped && (word.Height != 0 || word.RootLog2 != 0))
        {
            Report(inode, "has no map and a map height.", "its map height is cleared", RecordRepairs.ClearShape);
        }
    }

    private void CheckNone(InodeNumber inode, in InodeRecord record)
    {
        bool isDevice = (record.Mode & ModeBits.TypeMask) is ModeBits.CharacterDevice or ModeBits.BlockDevice;
        if (!isDevice && record.Contents != 0)
            Report(
                inode, $"has no contents and a contents root 0x{record.Contents:x}.", "its contents root is cleared",
                RecordRepairs.ClearContentsRoot);
        RequireBlockCount(inode, in record, 0);
    }

    private void CheckPacked(InodeNumber inode, in InodeRecord record)
    {
        var pointer = new ArenaPointer(record.Contents);
        BlockType slab = context.TypeAt(pointer);
        if (!SizeClass.IsSlab(slab) || slab == BlockType.InodeSlab)
        {
            context.Findings.AddAt(
                FindingKind.BadPointer,
                inode,
                pointer,
                $"its packed contents should lie at {pointer}, where no object is.",
                default(IncomingLink).CutFor(inode));
            return;
        }
        if (!context.TryClaimObject(inode, "its packed contents", pointer, slab, default)) return;
        if (record.Size > (ulong)SizeClass.ObjectSize(slab))
            context.Findings.AddAt(FindingKind.Contents, inode, pointer, $"has {record.Size} bytes packed into "
                + $"{SizeClass.ObjectSize(slab)}.", Repairs.Record(
                RepairStage.Pointer, inode, "is cut to what is there", (
                    Transaction transaction, ref readonly InodeRecord field) =>
                    transaction.Set(in field.Size, (ulong)SizeClass.ObjectSize(slab))));
        RequireBlockCount(inode, in record, 1);
    }

    private void RequireBlockCount(InodeNumber inode, in InodeRecord record, ulong count)
    {
        if (record.BlockCount != count)
            context.Findings.Add(
                FindingKind.BlockCount,
                inode,
                $"has {count} blocks and counts {record.BlockCount}.",
                Repairs.SetBlockCount(inode, count));
    }

    private void Report(InodeNumber inode, string message, string repaired, RecordChange change) =>
        context.Findings.Add(
            FindingKind.InodeRecord, inode, message, Repairs.Record(RepairStage.Record, inode, repaired, change));


    private static bool IsKindOfType(ContentsKind kind, uint mode) => (mode & ModeBits.TypeMask) switch
    {
        ModeBits.Directory => kind == ContentsKind.Directory,
        ModeBits.Regular => kind is ContentsKind.None or ContentsKind.Packed or ContentsKind.Mapped,
        ModeBits.SymbolicLink => kind is ContentsKind.Packed or ContentsKind.Mapped,
        _ => kind == ContentsKind.None,
    };
}
