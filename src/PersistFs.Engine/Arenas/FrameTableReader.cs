using System.Runtime.InteropServices;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Arenas;

/// <summary>
/// The frame table of an <see cref="ArenaReader"/>, and what it says of a place that something leads to.
/// </summary>
internal sealed class FrameTableReader
{
    private const int DescriptorsPerRead = 512;
    private const uint DescriptorsPerFrame = Layout.FrameSizeInBytes / FrameDescriptor.SizeInBytes;
    private const uint DescriptorsInFrame0 =
        (uint)(Layout.FrameSizeInBytes - (int)Layout.FrameTableOffset) / FrameDescriptor.SizeInBytes;

    private readonly ArenaReader image;

    /// <param name="image">The arena.</param>
    /// <param name="superblock">Its superblock; the geometry in it has been found to be possible.</param>
    public FrameTableReader(ArenaReader image, in Superblock superblock)
    {
        this.image = image;
        FrameCount = (uint)superblock.FrameCountMax;
        SystemFrameCount = FrameTable.FramesOf(superblock.FrameTableCapacity);
    }

    /// <summary>Frames of the arena, present or not.</summary>
    public uint FrameCount { get; }

    /// <summary>Frame 0 and those that the frame table runs on into.</summary>
    public uint SystemFrameCount { get; }

    /// <summary>The descriptor of a frame; of one that is absent, or that there is not, all is zero.</summary>
    public FrameDescriptor At(uint frame)
    {
        if (frame >= FrameCount) return default;
        uint tableFrame = FrameTable.TableFrameOf(frame);
        bool isPresent = tableFrame == 0 || WordOf(tableFrame).IsUsed(FrameType.System);
        return isPresent ? image.Read<FrameDescriptor>(PointerTo(frame)) : default;
    }

    public FrameWord WordOf(uint frame) => new(At(frame).StateWord);

    /// <summary>Every frame with a descriptor, in order. Parts of the table without memory are passed over.</summary>
    public IEnumerable<(uint Frame, FrameDescriptor Descriptor)> All()
    {
        var descriptors = new FrameDescriptor[DescriptorsPerRead];
        uint frame = 0;
        while (frame < FrameCount)
        {
            uint tableFrame = FrameTable.TableFrameOf(frame);
            uint end = Math.Min(FrameCount, DescriptorsInFrame0 + tableFrame * DescriptorsPerFrame);
            if (tableFrame != 0 && !WordOf(tableFrame).IsUsed(FrameType.System))
            {
                frame = end;
                continue;
            }
            int count = (int)Math.Min(end - frame, DescriptorsPerRead);
            image.Read(PointerTo(frame), MemoryMarshal.AsBytes(descriptors.AsSpan(0, count)));
            for (int index = 0; index < count; index++) yield return (frame + (uint)index, descriptors[index]);
            frame += (uint)count;
        }
    }

    /// <summary>
    /// The descriptor of the allocated block that <paramref name="pointer"/> lies in; all zero if there is none.
    /// </summary>
    public BlockDescriptor BlockAt(ArenaPointer pointer)
    {
        if (pointer.Value >= image.Length || pointer.BlockInFrame < Layout.DescriptorBlocksPerFrame) return default;
        FrameDescriptor descriptor = At(pointer.Frame);
        bool isAllocated = new FrameWord(descriptor.StateWord).IsUsed(FrameType.Blocks)
            && (descriptor.Blocks[pointer.BlockInFrame >> 6] >> (pointer.BlockInFrame & 63) & 1) != 0;
        if (!isAllocated) return default;
        ulong position = (ulong)(pointer.BlockInFrame * BlockDescriptor.SizeInBytes);
        return image.Read<BlockDescriptor>(ArenaPointer.OfFrame(pointer.Frame) + position);
    }

    /// <summary>What the block that <paramref name="pointer"/> lies in holds; None if it is not allocated.</summary>
    public BlockType TypeAt(ArenaPointer pointer) => BlockAt(pointer).Type;

    /// <summary>Whether an object of this slab type lies at <paramref name="pointer"/>, allocated.</summary>
    public bool IsObject(ArenaPointer pointer, BlockType slab)
    {
        BlockDescriptor descriptor = BlockAt(pointer);
        if (!SizeClass.IsSlab(slab) || descriptor.TypeWord != (ulong)slab) return false;
        (int index, int remainder) = Math.DivRem(pointer.OffsetInBlock, SizeClass.ObjectSize(slab));
        return remainder == 0 && index < SizeClass.ObjectsPerSlab(slab) && (descriptor.Objects >> index & 1) != 0;
    }

    /// <summary>Whether an object of any general class lies at <paramref name="pointer"/>, allocated.</summary>
    /// <param name="pointer">The place.</param>
    /// <param name="sizeInBytes">Size of the object.</param>
    public bool IsGeneralObject(ArenaPointer pointer, out int sizeInBytes)
    {
        BlockType slab = TypeAt(pointer);
        sizeInBytes = SizeClass.ObjectSize(slab);
        return slab is >= BlockType.FirstSlab and <= BlockType.LastSlab && IsObject(pointer, slab);
    }

    /// <summary>Whether a block with this use lies at <paramref name="pointer"/>, allocated.</summary>
    public bool IsBlock(ArenaPointer pointer, BlockUse use)
    {
        BlockDescriptor descriptor = BlockAt(pointer);
        return pointer.OffsetInBlock == 0 && descriptor.TypeWord == use.TypeWord && descriptor.Objects == use.OwnerWord;
    }

    /// <summary>Whether a data frame of this inode and first file block lies at <paramref name="pointer"/>.</summary>
    public bool IsDataFrame(ArenaPointer pointer, InodeNumber owner, ulong position)
    {
        if (pointer.Value >= image.Length || (pointer.Value & (Layout.FrameSizeInBytes - 1)) != 0) return false;
        FrameDescriptor descriptor = At(pointer.Frame);
        return new FrameWord(descriptor.StateWord).IsUsed(FrameType.Data)
            && descriptor.Owner == owner.Value && descriptor.Position == position;
    }

    /// <summary>The record of an inode in use; any number may be asked.</summary>
    public bool TryReadInode(InodeNumber inode, out InodeRecord record)
    {
        record = default;
        if (inode.Value >> InodeNumber.Bits != 0 || !IsObject(inode.Record, BlockType.InodeSlab)) return false;
        record = image.Read<InodeRecord>(inode.Record);
        return record.Mode != 0;
    }

    private static ArenaPointer PointerTo(uint frame) =>
        new(Layout.FrameTableOffset + (ulong)frame * FrameDescriptor.SizeInBytes);
}
