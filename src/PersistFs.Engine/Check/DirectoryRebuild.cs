using System.Runtime.InteropServices;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Check;

/// <summary>Writes one directory anew beside the old, and swaps them.</summary>
/// <remarks>
/// The new tree hangs on a record that is allocated and not in use (mode 0), so a kill on the way leaves leaks and the
/// old directory. What is left of the old is found as leaks by the next check.
/// </remarks>
internal sealed class DirectoryRebuild
{
    private readonly RepairContext context;
    private readonly InodeNumber directory;
    private ArenaPointer scratch;
    private ulong names;

    public DirectoryRebuild(RepairContext context, InodeNumber directory)
    {
        this.context = context;
        this.directory = directory;
    }

    private ref readonly InodeRecord Scratch => ref context.Arena.At<InodeRecord>(scratch);

    /// <param name="count">Names that were brought over.</param>
    /// <returns>False if there is no room.</returns>
    public bool TryRun(out ulong count)
    {
        bool isDone = TryMakeScratch() && TryCopy(new DirectoryPointer(context.Inodes.At(directory).Contents), 0, 0);
        count = names;
        if (!isDone) return false;
        ref readonly InodeRecord record = ref context.Inodes.At(directory);
        using Transaction transaction = context.Worker.Begin();
        transaction.Set(in record.Contents, Scratch.Contents);
        transaction.Set(in record.BlockCount, Scratch.BlockCount);
        transaction.Free(scratch, BlockType.InodeSlab);
        transaction.Commit();
        return true;
    }

    private bool TryMakeScratch()
    {
        using Transaction transaction = context.Worker.Begin();
        if (!transaction.TryReserve(1, SpaceLevel.Acknowledged)) return false;
        scratch = transaction.AllocateObject(BlockType.InodeSlab);
        transaction.WriteFresh(scratch, default(InodeRecord));
        transaction.Commit();
        return true;
    }

    /// <summary>Brings over whatever can be read below a pointer.</summary>
    private bool TryCopy(DirectoryPointer pointer, int depth, ulong prefix)
    {
        if (pointer.IsLeaf) return TryCopyLeaf(pointer.Target);
        BlockUse use = BlockUse.Of(BlockType.DirectoryNode, directory, depth, prefix);
        if (!pointer.IsNode || depth >= DirectoryKey.NodeDepthMax
            || !context.Space.Table.IsBlock(pointer.Target, use)) return true;
        ulong last = 0;
        for (int index = 0; index < 1 << DirectoryKey.IndexBits; index++)
        {
            ulong word = context.Arena.At<ulong>(pointer.Target + (ulong)(index * sizeof(ulong)));
            if (word == last) continue;
            last = word;
            if (!TryCopy(new DirectoryPointer(word), depth + 1, prefix << DirectoryKey.IndexBits | (uint)index))
            {
                return false;
            }
        }
        return true;
    }

    private bool TryCopyLeaf(ArenaPointer pointer)
    {
        BlockType type = context.Space.Table.TypeAt(pointer);
        bool isObject = SizeClass.IsSlab(type) && type != BlockType.InodeSlab
            && context.Space.Table.IsObject(pointer, type);
        if (!isObject && (type != BlockType.DirectoryLeaf || pointer.OffsetInBlock != 0)) return true;
        ReadOnlySpan<byte> bytes = context.Arena.Bytes(pointer, SizeClass.ObjectSize(type));
        var fill = new FillWord(MemoryMarshal.Read<LeafHeader>(bytes).Fill);
        int slotsEnd = LeafHeader.SizeInBytes + fill.SlotCount * sizeof(uint);
        // Where the fill word cannot be believed, slots are told by the hashes of the names that they lead to.
        bool isFillSound = slotsEnd <= fill.HeapStart && fill.HeapStart <= bytes.Length;
        int end = isFillSound ? slotsEnd : bytes.Length;
        for (int slot = LeafHeader.SizeInBytes; slot + sizeof(uint) <= end; slot += sizeof(uint))
        {
            int position = MemoryMarshal.Read<ushort>(bytes[slot..]);
            ReadOnlySpan<byte> name = NameAt(bytes, position, slot + sizeof(uint), out DirectoryEntryHeader entry);
            if (FileName.TryCreate(name, out _) != Errno.OK) continue;
            if (!isFillSound)
            {
                if (context.Names.KeyOf(name).Hash != new DirectoryKey(entry.Key).Hash) continue;
                end = Math.Min(end, position);
            }
            if (!TryAdd(entry.Inode, name)) return false;
        }
        return true;
    }

    /// <summary>The name of the entry at a position; empty if none can be there.</summary>
    private static ReadOnlySpan<byte> NameAt(
        ReadOnlySpan<byte> bytes, int position, int positionMin, out DirectoryEntryHeader entry)
    {
        entry = default;
        int nameStart = position + DirectoryEntryHeader.SizeInBytes;
        if (position < positionMin || position % 8 != 0 || nameStart > bytes.Length) return default;
        entry = MemoryMarshal.Read<DirectoryEntryHeader>(bytes[position..]);
        return entry.NameLength > bytes.Length - nameStart ? default : bytes.Slice(nameStart, entry.NameLength);
    }

    /// <summary>Adds a name that leads to an inode and is not there yet.</summary>
    /// <returns>False only if there is no room.</returns>
    private bool TryAdd(InodeNumber inode, ReadOnlySpan<byte> name)
    {
        if (!context.Inodes.Exists(inode) || context.Names.TryFind(directory, in Scratch, name, out _)) return true;
        // Names of one hash that are more than a leaf can hold are left out, and their files found again by their
        // numbers.
        if (context.Names.PlanAdd(directory, in Scratch, name, out DirectoryMap.AddPlan plan) != Errno.OK) return true;
        byte type = ModeBits.ToDirectoryEntryType(context.Inodes.At(inode).Mode);
        using Transaction transaction = context.Worker.Begin();
        if (!transaction.TryReserve(plan.BlockCost, SpaceLevel.Acknowledged)) return false;
        context.Names.Add(
            transaction, directory, in Scratch, in plan, name, DirectoryEntryHeader.TargetOf(inode, name.Length, type));
        transaction.Commit();
        names++;
        return true;
    }
}
