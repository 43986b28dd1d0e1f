using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Checks;

/// <summary>Every inode record in use: its fields, and by other passes its contents and attributes.</summary>
internal sealed class InodePass
{
    private const int TargetLengthMax = 4095;
    private const uint KnownFlags = 0xF0;

    /// <summary>Bits of the contents word that mean nothing yet: of the pending flags and behind the instance.</summary>
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
            context.Findings.Add(FindingKind.Leak, inode, "its record is allocated and not in use.");
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
                Report(inode, $"has contents of kind {(int)word.Kind}, which is unknown.");
                break;
        }
    }

    private void CheckFields(InodeNumber inode, in InodeRecord record, ContentsWord word)
    {
        if (!ModeBits.IsKnownType(record.Mode) || record.Mode >> 16 != 0) Report(inode, $"has mode 0{Convert.ToString(record.Mode, 8)}.");
        if (record.Generation == 0) Report(inode, "has generation 0.");
        if ((record.Flags & ~KnownFlags) != 0) Report(inode, $"has unknown flags 0x{record.Flags:x}.");
        if (record.Size > long.MaxValue) Report(inode, $"has size {record.Size}, which is too large.");
        if ((word.Value & ReservedContentsBits) != 0) Report(inode, $"has reserved bits set beside its contents kind: 0x{word.Value:x}.");
        if (word.Instance >= Layout.InstanceCount || context.InstanceAt(word.Instance).RootInode == 0)
            Report(inode, $"belongs to instance {word.Instance}, which does not exist.");
        if (!word.IsPending && (record.PendingNext != 0 || record.PendingPrevious != 0))
            Report(inode, "has links of a pending list and is on none.");
        // What is about to go may have lost its contents already.
        bool isOrphan = record.LinkCount == 0;
        if (!IsKindOfType(word.Kind, record.Mode) && !(isOrphan && word.Kind == ContentsKind.None))
            Report(inode, $"is of mode 0{Convert.ToString(record.Mode, 8)} and has contents of kind {word.Kind}.");
        bool isDirectory = ModeBits.IsDirectory(record.Mode);
        if (!isDirectory && record.Parent != 0) Report(inode, $"is no directory and has parent {record.Parent}.");
        bool hasSize = ModeBits.IsRegular(record.Mode) || ModeBits.IsSymbolicLink(record.Mode);
        if (!hasSize && record.Size != 0) Report(inode, $"is of a type without contents and has size {record.Size}.");
        if (ModeBits.IsSymbolicLink(record.Mode) && !isOrphan && record.Size is 0 or > TargetLengthMax)
            Report(inode, $"is a symbolic link of {record.Size} bytes.");
        if (word.Kind != ContentsKind.Mapped && (word.Height != 0 || word.RootLog2 != 0)) Report(inode, "has no map and a map height.");
    }

    private void CheckNone(InodeNumber inode, in InodeRecord record)
    {
        bool isDevice = (record.Mode & ModeBits.TypeMask) is ModeBits.CharacterDevice or ModeBits.BlockDevice;
        if (!isDevice && record.Contents != 0) Report(inode, $"has no contents and a contents root 0x{record.Contents:x}.");
        RequireBlockCount(inode, in record, 0);
    }

    private void CheckPacked(InodeNumber inode, in InodeRecord record)
    {
        var pointer = new ArenaPointer(record.Contents);
        BlockType slab = context.TypeAt(pointer);
        if (!SizeClass.IsSlab(slab) || slab == BlockType.InodeSlab)
        {
            context.Findings.AddAt(FindingKind.BadPointer, inode, pointer, $"its packed contents should lie at {pointer}, where no object is.");
            return;
        }
        if (!context.TryClaimObject(inode, "its packed contents", pointer, slab)) return;
        if (record.Size > (ulong)SizeClass.ObjectSize(slab))
            context.Findings.AddAt(FindingKind.Contents, inode, pointer, $"has {record.Size} bytes packed into {SizeClass.ObjectSize(slab)}.");
        RequireBlockCount(inode, in record, 1);
    }

    private void RequireBlockCount(InodeNumber inode, in InodeRecord record, ulong count)
    {
        if (record.BlockCount != count)
            context.Findings.Add(FindingKind.BlockCount, inode, $"has {count} blocks and counts {record.BlockCount}.");
    }

    private void Report(InodeNumber inode, string message) => context.Findings.Add(FindingKind.InodeRecord, inode, message);

    private static bool IsKindOfType(ContentsKind kind, uint mode) => (mode & ModeBits.TypeMask) switch
    {
        ModeBits.Directory => kind == ContentsKind.Directory,
        ModeBits.Regular => kind is ContentsKind.None or ContentsKind.Packed or ContentsKind.Mapped,
        ModeBits.SymbolicLink => kind is ContentsKind.Packed or ContentsKind.Mapped,
        _ => kind == ContentsKind.None,
    };
}
