using System.Numerics;
using System.Runtime.CompilerServices;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Arenas;

/// <summary>Which frames there are and what lies in them: the allocator's whole state, as bits in the arena.</summary>
/// <remarks>
/// Changing methods are called under the frame's lock, or by recovery, which is alone. Each is a sequence of single
/// stores, and the arena is sound after each of them.
/// </remarks>
internal sealed class FrameTable
{
    private const int DescriptorsPerFrame = Layout.FrameSizeInBytes / FrameDescriptor.SizeInBytes;
    private const uint DescriptorsInFrame0 =
        (uint)(Layout.FrameSizeInBytes - (int)Layout.FrameTableOffset) / FrameDescriptor.SizeInBytes;
    private const ulong DescriptorBlocksMask = (1UL << Layout.DescriptorBlocksPerFrame) - 1;

    private readonly Arena arena;
    private readonly bool[] isTableFramePresent;
    private FrameDescriptor absentDescriptor;

    public FrameTable(Arena arena, ulong frameCount, ulong capacity)
    {
        this.arena = arena;
        FrameCount = (uint)frameCount;
        SystemFrameCount = FramesOf(capacity);
        isTableFramePresent = new bool[SystemFrameCount];
        isTableFramePresent[0] = true;
        for (uint frame = 1; frame < SystemFrameCount; frame++) NoteTableFrame(frame);
    }

    /// <summary>Frames of the arena, present or not.</summary>
    public uint FrameCount { get; }

    /// <summary>Frame 0 and those that the frame table runs on into.</summary>
    public uint SystemFrameCount { get; }

    /// <summary>Frames that a table of <paramref name="capacity"/> descriptors and what precedes it take.</summary>
    public static uint FramesOf(ulong capacity) => (uint)((Layout.FrameTableOffset
        + capacity * FrameDescriptor.SizeInBytes + Layout.FrameSizeInBytes - 1) >> Layout.FrameSizeLog2);

    /// <summary>The table's frame that holds the descriptor of <paramref name="frame"/>.</summary>
    public static uint TableFrameOf(uint frame) =>
        frame < DescriptorsInFrame0 ? 0 : 1 + (frame - DescriptorsInFrame0) / DescriptorsPerFrame;

    /// <summary>Whether the descriptor of <paramref name="frame"/> has memory; if not, the frame is absent.</summary>
    public bool HasDescriptor(uint frame) => isTableFramePresent[TableFrameOf(frame)];

    /// <summary>Takes note that a frame of the table may have become present.</summary>
    public void NoteTableFrame(uint tableFrame) =>
        Volatile.Write(
            ref isTableFramePresent[tableFrame], tableFrame == 0 || WordOf(tableFrame).IsUsed(FrameType.System));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref readonly FrameDescriptor At(uint frame)
    {
        if (frame >= FrameCount) ThrowNoFrame(frame);
        if (!HasDescriptor(frame)) return ref absentDescriptor;
        return ref arena.At<FrameDescriptor>(PointerToDescriptor(frame));
    }

    /// <summary>State, type and flags of a frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FrameWord WordOf(uint frame) => new(Volatile.Read(ref Unsafe.AsRef(in At(frame).StateWord)));

    public void SetWord(uint frame, FrameWord word)
    {
        Store.Word(ref Unsafe.AsRef(in At(frame).StateWord), word.Value);
        // What was copied of the frame while it was something else counts no more.
        if (word.State == FrameState.Used) Store.Marks?.Note(ref arena.Target<byte>(ArenaPointer.OfFrame(frame)));
    }

    /// <summary>Says whose a frame is going to be; the state word follows and makes it count.</summary>
    public void SetOwner(uint frame, ulong owner, ulong position)
    {
        ref readonly FrameDescriptor descriptor = ref At(frame);
        Store.Word(ref Unsafe.AsRef(in descriptor.Owner), owner);
        Store.Word(ref Unsafe.AsRef(in descriptor.Position), position);
    }

    /// <summary>The descriptor of a block in a Blocks frame.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref readonly BlockDescriptor BlockAt(uint frame, int block) =>
        ref arena.At<BlockDescriptor>(ArenaPointer.OfFrame(frame) + (ulong)(uint)block * BlockDescriptor.SizeInBytes);

    /// <summary>Whether an object of this slab type lies at <paramref name="pointer"/>, allocated.</summary>
    public bool IsObject(ArenaPointer pointer, BlockType slab)
    {
        if (!IsInAllocatedBlock(pointer)) return false;
        ref readonly BlockDescriptor descriptor = ref BlockAt(pointer.Frame, pointer.BlockInFrame);
        if (descriptor.TypeWord != (ulong)slab) return false;
        // Inodes are looked up all the time, and their size is a power of two.
        (int index, int remainder) = slab == BlockType.InodeSlab
            ? (pointer.OffsetInBlock / InodeRecord.SizeInBytes, pointer.OffsetInBlock % InodeRecord.SizeInBytes)
            : Math.DivRem(pointer.OffsetInBlock, SizeClass.ObjectSize(slab));
        return remainder == 0 && index < SizeClass.ObjectsPerSlab(slab)
            && (Volatile.Read(ref Unsafe.AsRef(in descriptor.Objects)) >> index & 1) != 0;
    }

    /// <summary>Whether a block with this use lies at <paramref name="pointer"/>, allocated.</summary>
    public bool IsBlock(ArenaPointer pointer, BlockUse use)
    {
        if (pointer.OffsetInBlock != 0 || !IsInAllocatedBlock(pointer)) return false;
        ref readonly BlockDescriptor descriptor = ref BlockAt(pointer.Frame, pointer.BlockInFrame);
        return descriptor.TypeWord == use.TypeWord && descriptor.Objects == use.OwnerWord;
    }

    /// <summary>Whether a data frame of this inode and first file block lies at <paramref name="pointer"/>.</summary>
    public bool IsDataFrame(ArenaPointer pointer, InodeNumber owner, ulong position)
    {
        if (pointer.Value >= arena.Length || (pointer.Value & (Layout.FrameSizeInBytes - 1)) != 0) return false;
        ref readonly FrameDescriptor descriptor = ref At(pointer.Frame);
        return WordOf(pointer.Frame).IsUsed(FrameType.Data) && descriptor.Owner == owner.Value
            && descriptor.Position == position;
    }

    /// <summary>What the block that <paramref name="pointer"/> lies in holds; None if it is not allocated.</summary>
    public BlockType TypeAt(ArenaPointer pointer) => IsInAllocatedBlock(pointer)
        ? BlockAt(pointer.Frame, pointer.BlockInFrame).Type
        : BlockType.None;

    /// <summary>Insists on <see cref="IsObject"/>.</summary>
    /// <exception cref="ArenaCorruptException">There is no such object.</exception>
    public void RequireObject(ArenaPointer pointer, BlockType slab)
    {
        if (!IsObject(pointer, slab)) ThrowNotAllocated(pointer, slab);
    }

    /// <summary>Insists that an object of any general class is allocated at <paramref name="pointer"/>.</summary>
    /// <returns>Type of the slab it lies in.</returns>
    /// <exception cref="ArenaCorruptException">There is no such object.</exception>
    public BlockType RequireGeneralObject(ArenaPointer pointer)
    {
        BlockType slab = IsInAllocatedBlock(pointer)
            ? BlockAt(pointer.Frame, pointer.BlockInFrame).Type
            : BlockType.None;
        if (slab is < BlockType.FirstSlab or > BlockType.LastSlab || !IsObject(pointer, slab))
            ThrowNotAllocated(pointer, slab);
        return slab;
    }

    /// <summary>Insists on <see cref="IsBlock"/>.</summary>
    /// <exception cref="ArenaCorruptException">There is no such block.</exception>
    public void RequireBlock(ArenaPointer pointer, BlockUse use)
    {
        if (!IsBlock(pointer, use)) ThrowNotAllocated(pointer, use.Type);
    }

    /// <summary>Insists on <see cref="IsDataFrame"/>.</summary>
    /// <exception cref="ArenaCorruptException">There is no such frame.</exception>
    public void RequireDataFrame(ArenaPointer pointer, InodeNumber owner, ulong position)
    {
        if (!IsDataFrame(pointer, owner, position)) ThrowNotAllocated(pointer, BlockType.DataFrame);
    }

    /// <summary>
    /// Whether the block that <paramref name="pointer"/> lies in is present and allocated, whatever it holds.
    /// </summary>
    public bool IsInAllocatedBlock(ArenaPointer pointer) =>
        pointer.Value < arena.Length && WordOf(pointer.Frame).IsUsed(FrameType.Blocks)
        && pointer.BlockInFrame >= Layout.DescriptorBlocksPerFrame
        && IsBlockAllocated(pointer.Frame, pointer.BlockInFrame);

    public bool IsBlockAllocated(uint frame, int block) => (At(frame).Blocks[block >> 6] >> (block & 63) & 1) != 0;

    /// <summary>Free blocks of a Blocks frame.</summary>
    public int CountFreeBlocks(uint frame)
    {
        ref readonly FrameDescriptor descriptor = ref At(frame);
        int used = 0;
        for (int word = 0; word < FrameDescriptor.BitmapWords; word++)
        {
            used += BitOperations.PopCount(descriptor.Blocks[word]);
        }
        return Layout.BlocksPerFrame - used;
    }

    /// <summary>The first free block from <paramref name="start"/> on, wrapping round; -1 if there is none.</summary>
    public int FindFreeBlock(uint frame, int start)
    {
        ref readonly FrameDescriptor descriptor = ref At(frame);
        for (int step = 0; step <= FrameDescriptor.BitmapWords; step++)
        {
            int word = (start >> 6) + step & FrameDescriptor.BitmapWords - 1;
            ulong free = ~descriptor.Blocks[word];
            if (step == 0) free &= ulong.MaxValue << (start & 63);
            if (free != 0) return (word << 6) + BitOperations.TrailingZeroCount(free);
        }
        return -1;
    }

    /// <summary>Makes a free frame a Blocks frame with no block allocated.</summary>
    public void MakeBlocksFrame(uint frame)
    {
        ref readonly FrameDescriptor descriptor = ref At(frame);
        for (int word = 0; word < FrameDescriptor.BitmapWords; word++)
            Store.Word(ref Unsafe.AsRef(in descriptor.Blocks[word]), word == 0 ? DescriptorBlocksMask : 0);
        SetWord(frame, new FrameWord(FrameState.Used, FrameType.Blocks));
    }

    /// <summary>Allocates a block: descriptor first, then the bit that makes it count.</summary>
    public void TakeBlock(uint frame, int block, BlockUse use)
    {
        ref readonly BlockDescriptor descriptor = ref BlockAt(frame, block);
        Store.Word(ref Unsafe.AsRef(in descriptor.Objects), use.OwnerWord);
        Store.Word(ref Unsafe.AsRef(in descriptor.TypeWord), use.TypeWord);
        SetBlockBit(frame, block, true);
    }

    /// <summary>Allocates an object of a slab.</summary>
    public void TakeObject(uint frame, int block, int index)
    {
        ref ulong objects = ref Unsafe.AsRef(in BlockAt(frame, block).Objects);
        Store.Word(ref objects, objects | 1UL << index);
    }

    /// <summary>
    /// Frees an object, block or data frame, and what becomes empty by it. Doing it twice changes nothing.
    /// </summary>
    public ReleaseOutcome Release(ArenaPointer pointer, BlockType type)
    {
        uint frame = pointer.Frame;
        if (type == BlockType.DataFrame) return ReleaseDataFrame(frame);
        if (!WordOf(frame).IsUsed(FrameType.Blocks)) return ReleaseOutcome.Nothing;
        int block = pointer.BlockInFrame;
        if (block < Layout.DescriptorBlocksPerFrame || !IsBlockAllocated(frame, block)) return ReleaseIfEmpty(frame);
        ref readonly BlockDescriptor descriptor = ref BlockAt(frame, block);
        if (descriptor.Type != type) return ReleaseOutcome.Nothing;
        if (SizeClass.IsSlab(type))
        {
            ref ulong objects = ref Unsafe.AsRef(in descriptor.Objects);
            ulong bit = 1UL << pointer.OffsetInBlock / SizeClass.ObjectSize(type);
            if ((objects & bit) != 0) Store.Word(ref objects, objects & ~bit);
            if (objects != 0) return ReleaseOutcome.Object;
        }
        SetBlockBit(frame, block, false);
        return ReleaseIfEmpty(frame) == ReleaseOutcome.Nothing ? ReleaseOutcome.Block : ReleaseOutcome.BlockAndFrame;
    }

    private ReleaseOutcome ReleaseDataFrame(uint frame)
    {
        if (!WordOf(frame).IsUsed(FrameType.Data)) return ReleaseOutcome.Nothing;
        SetWord(frame, new FrameWord(FrameState.Free));
        return ReleaseOutcome.DataFrame;
    }

    /// <summary>Makes a Blocks frame without blocks a free frame.</summary>
    public ReleaseOutcome ReleaseIfEmpty(uint frame)
    {
        if (CountFreeBlocks(frame) != Layout.UsableBlocksPerFrame) return ReleaseOutcome.Nothing;
        SetWord(frame, new FrameWord(FrameState.Free));
        return ReleaseOutcome.BlockAndFrame;
    }

    private void SetBlockBit(uint frame, int block, bool isSet)
    {
        ref ulong word = ref Unsafe.AsRef(in At(frame).Blocks[block >> 6]);
        ulong bit = 1UL << (block & 63);
        Store.Word(ref word, isSet ? word | bit : word & ~bit);
    }

    private static ArenaPointer PointerToDescriptor(uint frame) =>
        new(Layout.FrameTableOffset + (ulong)frame * FrameDescriptor.SizeInBytes);

    private static void ThrowNoFrame(uint frame) => throw new ArenaCorruptException($"There is no frame {frame}.");

    private static void ThrowNotAllocated(ArenaPointer pointer, BlockType type) => throw new ArenaCorruptException(
        $"A pointer leads to {pointer}, where nothing of type {type} is allocated.");
}
