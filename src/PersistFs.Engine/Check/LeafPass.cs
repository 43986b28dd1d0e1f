using System.Runtime.InteropServices;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Check;

/// <summary>
/// The leaves of one directory: fill words, slots, and every entry in the place that its name gives it.
/// </summary>
internal sealed class LeafPass
{
    /// <summary>Slots of the largest leaf, if it held nothing else.</summary>
    private const int SlotCountMax = Layout.BlockSizeInBytes / sizeof(uint);

    private readonly CheckContext context;
    private readonly ulong seedLow;
    private readonly ulong seedHigh;
    private readonly ulong[] keys = new ulong[SlotCountMax];
    private readonly int[] positions = new int[SlotCountMax];
    private InodeNumber directory;
    private ArenaPointer leaf;

    public LeafPass(CheckContext context, ulong seedLow, ulong seedHigh)
    {
        this.context = context;
        this.seedLow = seedLow;
        this.seedHigh = seedHigh;
    }

    /// <summary>Entries found since <see cref="Begin"/>.</summary>
    public ulong Entries { get; private set; }

    /// <summary>Entries among them that lead to directories.</summary>
    public ulong Subdirectories { get; private set; }

    public void Begin(InodeNumber inode)
    {
        directory = inode;
        Entries = 0;
        Subdirectories = 0;
    }

    /// <summary>
    /// Looks at a leaf whose names belong to the slots from <paramref name="index"/> to before <paramref name="end"/>
    /// of a node.
    /// </summary>
    public void Check(ArenaPointer pointer, ReadOnlySpan<byte> bytes, int nodeDepth, ulong prefix, int index, int end)
    {
        leaf = pointer;
        ref readonly LeafHeader header = ref MemoryMarshal.AsRef<LeafHeader>(bytes);
        var fill = new FillWord(header.Fill);
        int slotsEnd = LeafHeader.SizeInBytes + fill.SlotCount * sizeof(uint);
        if (header.LeafSizeInBytes != bytes.Length || slotsEnd > fill.HeapStart
            || fill.HeapStart > bytes.Length || fill.HeapStart % 8 != 0)
        {
            Report(
                FindingKind.Directory,
                $"has a leaf of {bytes.Length} bytes with size {header.LeafSizeInBytes} and {fill}.");
            return;
        }
        ReadOnlySpan<uint> slots = MemoryMarshal.Cast<byte, uint>(bytes[LeafHeader.SizeInBytes..slotsEnd]);
        int liveCount = 0;
        int liveBytes = 0;
        foreach (uint slot in slots)
        {
            int position = new LeafSlot(slot).Position;
            if (position == 0) continue;
            bool isThere = TryReadEntry(
                bytes, position, fill.HeapStart, out DirectoryEntryHeader entry, out ReadOnlySpan<byte> name);
            if (!isThere) continue;
            keys[liveCount] = entry.Key;
            positions[liveCount++] = position;
            liveBytes += DirectoryEntryHeader.EntrySize(name.Length);
            CheckKey(new DirectoryKey(entry.Key), name, slot, position);
            CheckPlace(new DirectoryKey(entry.Key), position, nodeDepth, prefix, index, end);
            CheckTarget(in entry, name, position);
        }
        Entries += (ulong)liveCount;
        context.Names += (ulong)liveCount;
        if (liveCount != fill.LiveCount || liveBytes != fill.LiveBytes)
            Report(
                FindingKind.Directory,
                $"has a leaf with {liveCount} entries of {liveBytes} bytes that counts {fill.LiveCount} of "
                    + $"{fill.LiveBytes}.");
        RequireDistinct(bytes, liveCount);
    }

    private bool TryReadEntry(
        ReadOnlySpan<byte> bytes, int position, int heapStart, out DirectoryEntryHeader entry,
        out ReadOnlySpan<byte> name)
    {
        entry = default;
        name = default;
        bool isInside =
            position >= heapStart && position % 8 == 0 && position <= bytes.Length - DirectoryEntryHeader.SizeInBytes;
        if (isInside)
        {
            entry = MemoryMarshal.Read<DirectoryEntryHeader>(bytes[position..]);
            isInside = position + DirectoryEntryHeader.EntrySize(entry.NameLength) <= bytes.Length;
        }
        if (!isInside)
        {
            Report(
                FindingKind.Directory,
                $"has a slot that leads to an entry at {position} in its leaf, outside of the heap.");
            return false;
        }
        name = bytes.Slice(position + DirectoryEntryHeader.SizeInBytes, entry.NameLength);
        return true;
    }

    private void CheckKey(DirectoryKey key, ReadOnlySpan<byte> name, uint slot, int position)
    {
        if (FileName.TryCreate(name, out _) != Errno.OK)
            Report(
                FindingKind.Entry,
                $"has an entry at {position} in its leaf with the impossible name {NameText.Of(name)}.");
        if (key.Value >> DirectoryKey.Bits != 0 || key.Hash != DirectoryKey.OfName(seedLow, seedHigh, name).Hash)
            Report(
                FindingKind.Entry,
                $"has the name {NameText.Of(name)} under key 0x{key.Value:x}, which is not its hash.");
        uint fingerprint = new LeafSlot(slot).Fingerprint;
        if (fingerprint != key.Fingerprint)
            Report(FindingKind.Entry, $"has a slot with fingerprint 0x{fingerprint:x} for key 0x{key.Value:x}.");
    }

    private void CheckPlace(DirectoryKey key, int position, int nodeDepth, ulong prefix, int index, int end)
    {
        if (nodeDepth == 0) return;
        int slot = key.IndexAt(nodeDepth - 1);
        if (key.PrefixAt(nodeDepth - 1) != prefix || slot < index || slot >= end)
            Report(FindingKind.Entry, $"has an entry at {position} with key 0x{key.Value:x} in a leaf of other keys.");
    }

    private void CheckTarget(in DirectoryEntryHeader entry, ReadOnlySpan<byte> name, int position)
    {
        if (entry.ReservedBits != 0)
            Report(FindingKind.Entry, $"has an entry at {position} with reserved bits set.");
        InodeNumber target = entry.Inode;
        if (!context.IsInode(target))
        {
            Report(
                FindingKind.DanglingEntry,
                $"has the name {NameText.Of(name)}, which leads to inode {target}, and that is not in use.",
                DirectoryRepairs.RemoveDangling(directory, name.ToArray()));
            return;
        }
        context.Tally.AddName(target);
        ref readonly InodeRecord record = ref context.RecordOf(target);
        if (entry.EntryType != ModeBits.ToDirectoryEntryType(record.Mode))
            Report(
                FindingKind.DanglingEntry,
                $"has the name {NameText.Of(name)} with type {entry.EntryType} for inode {target} of mode "
                    + $"0{Convert.ToString(record.Mode, 8)}.",
                DirectoryRepairs.SetType(directory, name.ToArray()));
        int instance = new ContentsWord(context.RecordOf(directory).ContentsWord).Instance;
        if (new ContentsWord(record.ContentsWord).Instance != instance)
            Report(
                FindingKind.Entry,
                $"has the name {NameText.Of(name)} of inode {target}, which belongs to another instance.",
                MoveToInstance(target));
        if (!ModeBits.IsDirectory(record.Mode)) return;
        Subdirectories++;
        if (record.Parent != directory.Value)
            Report(
                FindingKind.Entry,
                $"holds directory {target} as {NameText.Of(name)}, whose parent is {record.Parent} by its own account.",
                DirectoryRepairs.SetParent(directory, name.ToArray()));
    }

    /// <summary>The inode belongs to the tree in which it has a name.</summary>
    private Repair MoveToInstance(InodeNumber target)
    {
        int instance = new ContentsWord(context.RecordOf(directory).ContentsWord).Instance;
        return Repairs.Record(
            RepairStage.Name, target, $"belongs to instance {instance} now",
            (Transaction transaction, ref readonly InodeRecord record) => transaction.Set(
                in record.ContentsWord, new ContentsWord(record.ContentsWord).WithInstance(instance).Value));
    }

    /// <summary>No two entries in the same bytes, no key and no name twice.</summary>
    private void RequireDistinct(ReadOnlySpan<byte> bytes, int count)
    {
        Span<int> byPosition = positions.AsSpan(0, count);
        Span<ulong> byKey = keys.AsSpan(0, count);
        byPosition.Sort(byKey);
        for (int index = 1; index < count; index++)
        {
            int end = byPosition[index - 1] + DirectoryEntryHeader.EntrySize(
                NameAt(bytes, byPosition[index - 1]).Length);
            if (byPosition[index] >= end) continue;
            Report(FindingKind.Directory, $"has entries that overlap at {byPosition[index]} in a leaf.");
            return;
        }
        byKey.Sort(byPosition);
        for (int index = 1; index < count; index++)
        {
            if (byKey[index] == byKey[index - 1])
                Report(FindingKind.Entry, $"has two entries under key 0x{byKey[index]:x}.");
            if (IsRepeated(bytes, byKey, byPosition, index))
                Report(FindingKind.Entry, $"has the name {NameText.Of(NameAt(bytes, byPosition[index]))} twice.");
        }
    }

    /// <summary>Whether an entry before this one, in the order of keys, has its name.</summary>
    private static bool IsRepeated(
        ReadOnlySpan<byte> bytes, ReadOnlySpan<ulong> byKey, ReadOnlySpan<int> byPosition, int index)
    {
        ulong hash = new DirectoryKey(byKey[index]).Hash;
        for (int other = index - 1; other >= 0 && new DirectoryKey(byKey[other]).Hash == hash; other--)
        {
            if (NameAt(bytes, byPosition[index]).SequenceEqual(NameAt(bytes, byPosition[other]))) return true;
        }
        return false;
    }

    private static ReadOnlySpan<byte> NameAt(ReadOnlySpan<byte> bytes, int position)
    {
        DirectoryEntryHeader entry = MemoryMarshal.Read<DirectoryEntryHeader>(bytes[position..]);
        return bytes.Slice(position + DirectoryEntryHeader.SizeInBytes, entry.NameLength);
    }

    /// <summary>Something that the directory has to be written anew for, unless a smaller repair does.</summary>
    private void Report(FindingKind kind, string message, Repair? repair = null) =>
        context.Findings.AddAt(kind, directory, leaf, message, repair ?? DirectoryRepairs.Rebuild(directory));
}
