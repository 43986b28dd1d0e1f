using System.Runtime.InteropServices;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Structures;

/// <summary>Puts a new directory leaf together in ordinary memory, to be copied to the arena whole.</summary>
internal ref struct LeafBuilder
{
    private readonly Span<byte> bytes;
    private int heapStart;
    private int slotCount;
    private int liveBytes;

    /// <param name="bytes">As long as the leaf.</param>
    /// <param name="nodeDepth">Depth of the node that will point to it plus 1; 0 for the inode.</param>
    /// <param name="localDepth">Index bits that all its names share.</param>
    public LeafBuilder(Span<byte> bytes, int nodeDepth, int localDepth)
    {
        this.bytes = bytes;
        bytes.Clear();
        heapStart = bytes.Length;
        ref LeafHeader header = ref MemoryMarshal.AsRef<LeafHeader>(bytes);
        header.LeafSizeInBytes = (ushort)bytes.Length;
        header.NodeDepth = (byte)nodeDepth;
        header.LocalDepth = (byte)localDepth;
        header.Fill = new FillWord(0, heapStart, 0, 0).Value;
    }

    public void Add(DirectoryKey key, ulong targetWord, scoped ReadOnlySpan<byte> name)
    {
        int size = DirectoryEntryHeader.EntrySize(name.Length);
        heapStart -= size;
        liveBytes += size;
        ref DirectoryEntryHeader entry = ref MemoryMarshal.AsRef<DirectoryEntryHeader>(bytes[heapStart..]);
        entry.Key = key.Value;
        entry.TargetWord = targetWord;
        name.CopyTo(bytes[(heapStart + DirectoryEntryHeader.SizeInBytes)..]);
        int slotPosition = LeafHeader.SizeInBytes + slotCount * LeafSlot.SizeInBytes;
        MemoryMarshal.Write(bytes[slotPosition..], new LeafSlot(heapStart, key).Value);
        slotCount++;
        MemoryMarshal.AsRef<LeafHeader>(bytes).Fill = new FillWord(slotCount, heapStart, liveBytes, slotCount).Value;
    }
}
