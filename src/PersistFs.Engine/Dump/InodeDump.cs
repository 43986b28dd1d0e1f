using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Dump;

/// <summary>One inode: the fields of its record, its attributes, and its contents by place or its names.</summary>
internal sealed class InodeDump
{
    private readonly ArenaReader image;
    private readonly FrameTableReader table;
    private readonly DumpText text;

    public InodeDump(ArenaReader image, FrameTableReader table, DumpText text)
    {
        this.image = image;
        this.table = table;
        this.text = text;
    }

    /// <exception cref="ArenaException">The number names no inode in use.</exception>
    public void Write(InodeNumber inode)
    {
        if (!table.TryReadInode(inode, out InodeRecord record))
        {
            throw new ArenaException(
                ArenaFault.InvalidArgument, $"{image.Name}: inode {inode} is not in use",
                "Take a number that ls -i shows, or 1 for the root.");
        }
        text.Line($"inode {inode}, record at {inode.Record}");
        WriteRecord(in record);
        Guard("the attributes", () => new AttributeDump(image, table, text).Write(inode, in record));
        var word = new ContentsWord(record.ContentsWord);
        switch (word.Kind)
        {
            case ContentsKind.Directory:
                Guard("the directory", () => new DirectoryDump(image, table, text).Write(inode, in record));
                break;
            case ContentsKind.Mapped:
                Guard("the map", () => new MapDump(image, table, text).Write(inode, in record));
                break;
            case ContentsKind.Packed:
                Guard("the contents", () => WritePacked(in record));
                break;
            default:
                break;
        }
    }

    private void WriteRecord(in InodeRecord record)
    {
        var word = new ContentsWord(record.ContentsWord);
        text.Item(
            $"mode 0{Convert.ToString(record.Mode, 8)}, links {record.LinkCount}, uid {record.UserId}, gid "
                + $"{record.GroupId}, size {record.Size}, blocks {record.BlockCount}");
        text.Item(
            $"generation {record.Generation}, flags 0x{record.Flags:x}, instance {word.Instance}, parent "
                + $"{record.Parent}");
        var lookups = new LookupWord(record.LookupWord);
        text.Item($"lookups 0x{lookups.Value:x16}: {lookups.Count} in session {lookups.Session}");
        text.Item($"accessed {DumpText.Time(record.AccessTime)}, modified {DumpText.Time(record.ModificationTime)}");
        text.Item($"changed {DumpText.Time(record.ChangeTime)}, born {DumpText.Time(record.BirthTime)}");
        bool isDevice = (record.Mode & ModeBits.TypeMask) is ModeBits.CharacterDevice or ModeBits.BlockDevice;
        if (isDevice) text.Item($"device number 0x{record.Contents:x}");
        else text.Item(
            $"contents: {word.Kind} 0x{record.Contents:x}, height {word.Height}, root of 2^{word.RootLog2} entries");
        if (!word.IsPending && !word.NeedsTrim && record.PendingNext == 0 && record.PendingPrevious == 0) return;
        string flags = (word.IsPending ? "listed" : "not listed") + (word.NeedsTrim ? ", to be trimmed" : "");
        text.Item($"pending: {flags}, next inode {record.PendingNext}, previous {record.PendingPrevious}");
    }

    private void WritePacked(in InodeRecord record)
    {
        var pointer = new ArenaPointer(record.Contents);
        bool isThere = table.IsGeneralObject(pointer, out int size);
        if (isThere) text.Item($"packed at {pointer} in an object of {size} bytes");
        else text.Item($"packed at {pointer}, where no object is");
        if (!isThere || !ModeBits.IsSymbolicLink(record.Mode)) return;
        var target = new byte[Math.Min((ulong)size, record.Size)];
        image.Read(pointer, target);
        text.Item($"leads to {NameText.Of(target)}");
    }

    private void Guard(string what, Action write)
    {
        try
        {
            write();
        }
        catch (ArenaCorruptException exception)
        {
            text.Item($"{what} cannot be read on: {exception.Message}");
        }
    }
}
