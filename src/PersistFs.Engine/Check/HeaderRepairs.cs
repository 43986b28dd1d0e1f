using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Check;

/// <summary>
/// Repairs of what everything else stands on. Each is one store, or writes a page that does not count.
/// </summary>
internal static class HeaderRepairs
{
    private const int RootReservedStart = 40;
    private const int ChecksumPosition = 4088;

    /// <summary>Writes the superblock that counts to both places; at every moment one of them is good.</summary>
    public static readonly Repair Superblocks = new(RepairStage.Ground, context =>
    {
        if (!context.IsFirst(nameof(Superblocks))) return null;
        Superblock good = context.Superblock;
        MemoryMarshal.AsBytes(new Span<Superblock>(ref good))[Superblock.ReservedStart..ChecksumPosition].Clear();
        if (good.Kind > Superblock.KindFixed) good.Kind = Superblock.KindDynamic;
        good.Checksum = Checksum.Of(in good);
        // The good one is written last.
        ref readonly Superblock first = ref context.Arena.At<Superblock>(ArenaPointer.Null);
        bool isFirstGood = Arenas.Superblocks.IsGood(in first);
        ulong[] places = isFirstGood ? [Layout.SuperblockCopyOffset, 0] : [0, Layout.SuperblockCopyOffset];
        foreach (ulong place in places)
            Store.BulkStructure(ref context.Arena.Target<Superblock>(new ArenaPointer(place)), in good);
        return "The superblock and its copy are written anew.";
    });

    /// <summary>Writes the root in force over the other page, and over its own.</summary>
    public static readonly Repair RootPages = new(RepairStage.Ground, context =>
    {
        if (!context.IsFirst(nameof(RootPages))) return null;
        RootPage root = Structures.RootPages.Read(context.Arena);
        MemoryMarshal.AsBytes(new Span<RootPage>(ref root))[RootReservedStart..ChecksumPosition].Clear();
        if (root.SessionLast > Layout.SessionMax) root.SessionLast = Layout.SessionMax;
        Structures.RootPages.Write(context.Arena, root);
        root.Generation++;
        Structures.RootPages.Write(context.Arena, root);
        return "Both root pages are written anew.";
    });

    /// <summary>Zeroes reserved bytes of frame 0.</summary>
    public static Repair Zero(ulong position, int length) => new(RepairStage.Ground, context =>
    {
        Store.Zero(context.Arena.TargetBytes(new ArenaPointer(position), length));
        return $"{length} reserved bytes from 0x{position:x} on are zeroed.";
    });

    /// <summary>Drops what a worker keeps of a request: the word that says that it is there.</summary>
    public static Repair DropRequest(ArenaPointer word, int slot) => new(RepairStage.Ground, context =>
    {
        Store.Word(ref context.Arena.Target<ulong>(word), 0UL);
        return $"What worker {slot} keeps of a request at {word} is dropped.";
    });

    /// <summary>Stores a word of the instance table.</summary>
    public static Repair Instance(ArenaPointer field, ulong value, string what) => new(RepairStage.Instance, context =>
    {
        using Transaction transaction = context.Worker.Begin();
        transaction.Set(in context.Arena.At<ulong>(field), value);
        transaction.Commit();
        return what;
    });

    /// <summary>Corrects the state word of a frame.</summary>
    public static Repair Frame(uint frame, FrameWord word) => new(RepairStage.Ground, context =>
    {
        context.Space.Table.SetWord(frame, word);
        return $"Frame {frame} is {word.State}{(word.Type == FrameType.None ? "" : $" of type {word.Type}")} now.";
    });

    /// <summary>Makes a frame absent that is neither absent nor present.</summary>
    public static Repair ReleaseFrame(uint frame) => new(RepairStage.Ground, context =>
    {
        context.Space.Allocator.Supply.ReleaseStray(frame);
        return $"Frame {frame} is absent now.";
    });

    /// <summary>
    /// Makes a frame of an unknown type one of blocks, if its first blocks are descriptors of blocks, else a free
    /// one.
    /// </summary>
    public static Repair UnknownFrame(uint frame) => new(RepairStage.Ground, context =>
    {
        FrameType type = HoldsBlocks(context.Space.Table, frame) ? FrameType.Blocks : FrameType.None;
        FrameState state = type == FrameType.None ? FrameState.Free : FrameState.Used;
        context.Space.Table.SetWord(frame, new FrameWord(state, type));
        return type == FrameType.None ? $"Frame {frame} is free now." : $"Frame {frame} is one of blocks again.";
    });

    /// <summary>Takes the blocks that hold a frame's descriptors.</summary>
    public static Repair DescriptorBlocks(uint frame) => new(RepairStage.Ground, context =>
    {
        ref ulong word = ref Unsafe.AsRef(in context.Space.Table.At(frame).Blocks[0]);
        Store.Word(ref word, word | (1UL << Layout.DescriptorBlocksPerFrame) - 1);
        return $"Frame {frame}: its blocks of descriptors are allocated again.";
    });

    /// <summary>
    /// Makes an allocated block of unknown type one of data, which is freed when nothing leads to it.
    /// </summary>
    public static Repair UnknownBlock(ArenaPointer pointer) => new(RepairStage.Ground, context =>
    {
        ref readonly BlockDescriptor descriptor = ref context.Space.Table.BlockAt(pointer.Frame, pointer.BlockInFrame);
        Store.Word(ref Unsafe.AsRef(in descriptor.TypeWord), (ulong)BlockType.Data);
        return $"The block at {pointer} counts as one of data.";
    });

    /// <summary>Corrects a slab's descriptor; a slab without objects is freed.</summary>
    public static Repair Slab(ArenaPointer pointer, BlockType type) => new(RepairStage.Ground, context =>
    {
        ref readonly BlockDescriptor descriptor = ref context.Space.Table.BlockAt(pointer.Frame, pointer.BlockInFrame);
        if (descriptor.Type != type) return null;
        Store.Word(ref Unsafe.AsRef(in descriptor.TypeWord), (ulong)type);
        Store.Word(ref Unsafe.AsRef(in descriptor.Objects), descriptor.Objects & SizeClass.FullBitmap(type));
        if (descriptor.Objects == 0) return Repairs.Free(pointer, type).Act(context);
        return $"The slab at {pointer} has object bitmap 0x{descriptor.Objects:x} now.";
    });

    private static bool HoldsBlocks(FrameTable table, uint frame)
    {
        int used = 0;
        for (int block = 0; block < Layout.BlocksPerFrame; block++)
        {
            if (!table.IsBlockAllocated(frame, block))
            {
                if (block < Layout.DescriptorBlocksPerFrame) return false;
                continue;
            }
            if (block < Layout.DescriptorBlocksPerFrame) continue;
            used++;
            if (!SizeClass.IsKnown(table.BlockAt(frame, block).Type)) return false;
        }
        return used > 0;
    }
}
