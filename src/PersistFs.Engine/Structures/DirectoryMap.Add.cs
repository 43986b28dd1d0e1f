using System.Runtime.InteropServices;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Structures;

/// <summary>Adding names: into a gap, into a larger leaf, or after splitting.</summary>
internal sealed partial class DirectoryMap
{
    /// <summary>Blocks one split costs at worst: two leaves and a node.</summary>
    private const int BlocksPerSplit = 3;

    /// <summary>How a name is going to be added: found out before anything is changed.</summary>
    /// <param name="Key">The new name's key.</param>
    /// <param name="Path">The way to where it belongs, as long as the directory does not change.</param>
    /// <param name="Splits">Splits before it fits.</param>
    /// <param name="BlockCost">Blocks to reserve at worst.</param>
    public readonly record struct AddPlan(DirectoryKey Key, DirectoryPath Path, int Splits, int BlockCost);

    /// <summary>Plans to add a name.</summary>
    /// <returns>EEXIST when the name is there; ENOSPC when it collides with too many others.</returns>
    public Errno PlanAdd(InodeNumber directory, in InodeRecord record, ReadOnlySpan<byte> name, out AddPlan plan) =>
        PlanAdd(directory, in record, name, out plan, out _);

    /// <summary>Looks a name up and plans to add it, by one hash and one descent.</summary>
    /// <returns>EEXIST when the name is there; ENOSPC when it collides with too many others.</returns>
    public Errno PlanAdd(
        InodeNumber directory, in InodeRecord record, ReadOnlySpan<byte> name, out AddPlan plan,
        out DirectorySlot existing)
    {
        DirectoryKey key = KeyOf(name);
        DirectoryPath path = Descend(directory, in record, key);
        existing = default;
        plan = new AddPlan(key, path, 0, 1);
        if (path.End.IsNull) return Errno.OK;
        DirectoryLeaf leaf = LeafAt(directory, in path);
        if (TryFindIn(in leaf, in path, key, name, out existing)) return Errno.EEXIST;
        int number = leaf.FindFreeNumber(key);
        if (number < 0) return Errno.ENOSPC;
        int splits = CountSplits(in leaf, path.NodeCount, key, DirectoryEntryHeader.EntrySize(name.Length));
        plan = new AddPlan(key.WithNumber(number), path, splits, 1 + splits * BlocksPerSplit);
        return splits < 0 ? Errno.ENOSPC : Errno.OK;
    }

    /// <summary>Adds a name as planned. The transaction has reserved what the plan costs.</summary>
    public void Add(
        Transaction transaction, InodeNumber directory, ref readonly InodeRecord record, in AddPlan plan,
        ReadOnlySpan<byte> name, ulong targetWord)
    {
        for (int split = 0; split < plan.Splits; split++) Split(transaction, directory, in record, plan.Key);
        DirectoryPath path = plan.Splits == 0 ? plan.Path : Descend(directory, in record, plan.Key);
        if (path.End.IsNull) AddLeaf(transaction, directory, in record, in path, plan.Key, name, targetWord);
        else AddToLeaf(transaction, directory, in record, in path, plan.Key, name, targetWord);
        transaction.Set(in record.BlockCount, record.BlockCount + 1);
    }

    private void AddToLeaf(
        Transaction transaction, InodeNumber directory, ref readonly InodeRecord record, in DirectoryPath path,
        DirectoryKey key, ReadOnlySpan<byte> name, ulong targetWord)
    {
        DirectoryLeaf leaf = LeafAt(directory, in path);
        int size = DirectoryEntryHeader.EntrySize(name.Length);
        if (leaf.GapInBytes < size + LeafSlot.SizeInBytes)
        {
            int needed = leaf.LiveSizeInBytes + size + LeafSlot.SizeInBytes;
            DirectoryPath larger = path;
            larger.End = Rewrite(transaction, directory, in record, in path, key, DirectoryLeaf.SizeFor(needed));
            Insert(transaction, larger.End.Target, LeafAt(directory, in larger).Fill, key, name, targetWord);
            return;
        }
        Insert(transaction, path.End.Target, leaf.Fill, key, name, targetWord);
    }

    /// <summary>Writes entry and slot into the gap, where nobody looks, and publishes them by the fill word.</summary>
    private void Insert(
        Transaction transaction, ArenaPointer leaf, FillWord fill, DirectoryKey key, ReadOnlySpan<byte> name,
        ulong targetWord)
    {
        int size = DirectoryEntryHeader.EntrySize(name.Length);
        int position = fill.HeapStart - size;
        Span<byte> entry = stackalloc byte[DirectoryEntryHeader.EntrySize(255)];
        entry = entry[..size];
        entry.Clear();
        ref DirectoryEntryHeader header = ref MemoryMarshal.AsRef<DirectoryEntryHeader>(entry);
        header.Key = key.Value;
        header.TargetWord = targetWord;
        name.CopyTo(entry[DirectoryEntryHeader.SizeInBytes..]);
        transaction.WriteData(leaf + (ulong)position, entry);
        uint slot = new LeafSlot(position, key).Value;
        transaction.WriteFresh(leaf + SlotOffset(fill.SlotCount), in slot);
        var filled = new FillWord(fill.SlotCount + 1, position, fill.LiveBytes + size, fill.LiveCount + 1);
        transaction.Set(in space.Arena.At<LeafHeader>(leaf).Fill, filled.Value);
    }

    /// <summary>Makes the first leaf in a place that has none.</summary>
    private void AddLeaf(
        Transaction transaction, InodeNumber directory, ref readonly InodeRecord record, in DirectoryPath path,
        DirectoryKey key, ReadOnlySpan<byte> name, ulong targetWord)
    {
        int needed = LeafHeader.SizeInBytes + LeafSlot.SizeInBytes
            + DirectoryEntryHeader.EntrySize(name.Length);
        Span<byte> bytes = transaction.Worker.Scratch.AsSpan(0, DirectoryLeaf.SizeFor(needed));
        var builder = new LeafBuilder(bytes, path.NodeCount, path.NodeCount == 0 ? 0 : DirectoryKey.IndexBits);
        builder.Add(key, targetWord, name);
        DirectoryPointer leaf = StoreLeaf(transaction, directory, path.NodeCount, bytes);
        SetPointers(transaction, in record, in path, key, DirectoryKey.IndexBits, leaf);
    }

    /// <summary>Copies the live entries of a leaf to a new one of another size, and frees the old.</summary>
    private DirectoryPointer Rewrite(
        Transaction transaction, InodeNumber directory, ref readonly InodeRecord record, in DirectoryPath path,
        DirectoryKey key, int sizeInBytes)
    {
        DirectoryLeaf old = LeafAt(directory, in path);
        int localDepth = old.Header.LocalDepth;
        Span<byte> bytes = transaction.Worker.Scratch.AsSpan(0, sizeInBytes);
        var builder = new LeafBuilder(bytes, path.NodeCount, localDepth);
        foreach (uint slot in old.Slots)
        {
            int position = new LeafSlot(slot).Position;
            if (position == 0) continue;
            ref readonly DirectoryEntryHeader entry = ref old.EntryAt(position);
            builder.Add(new DirectoryKey(entry.Key), entry.TargetWord, old.NameAt(position));
        }
        DirectoryPointer leaf = StoreLeaf(transaction, directory, path.NodeCount, bytes);
        SetPointers(transaction, in record, in path, key, localDepth, leaf);
        transaction.Free(path.End.Target, DirectoryLeaf.TypeOf(old.SizeInBytes));
        return leaf;
    }

    private DirectoryPointer StoreLeaf(
        Transaction transaction, InodeNumber directory, int nodeDepth, ReadOnlySpan<byte> bytes)
    {
        BlockType type = DirectoryLeaf.TypeOf(bytes.Length);
        ArenaPointer leaf = type == BlockType.DirectoryLeaf
            ? transaction.AllocateBlock(LeafUse(directory, nodeDepth))
            : transaction.AllocateObject(type);
        transaction.WriteData(leaf, bytes);
        return DirectoryPointer.Leaf(leaf);
    }

    /// <summary>
    /// Lets all slots that share <paramref name="localDepth"/> index bits with the key point to a leaf, or to
    /// nothing.
    /// </summary>
    private void SetPointers(
        Transaction transaction, ref readonly InodeRecord record, in DirectoryPath path, DirectoryKey key,
        int localDepth, DirectoryPointer pointer)
    {
        if (path.NodeCount == 0)
        {
            transaction.Set(in record.Contents, pointer.Value);
            return;
        }
        int count = 1 << DirectoryKey.IndexBits - localDepth;
        int first = key.IndexAt(path.NodeCount - 1) & ~(count - 1);
        for (int index = first; index < first + count; index++) SetPointer(transaction, path.LastNode, index, pointer);
    }

    private void SetPointer(Transaction transaction, ArenaPointer node, int index, DirectoryPointer pointer) =>
        transaction.Set(in space.Arena.At<ulong>(node + (ulong)index * sizeof(ulong)), pointer.Value);

    private static ulong SlotOffset(int index) => LeafHeader.SizeInBytes + (ulong)index * LeafSlot.SizeInBytes;
}
