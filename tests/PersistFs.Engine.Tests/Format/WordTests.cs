using PersistFs.Engine.Format;

namespace PersistFs.Engine.Tests.Format;

/// <summary>Words of the format, put together from their parts, are the numbers that FORMAT.md promises.</summary>
public sealed class WordTests
{
    private static readonly ArenaPointer Pointer = new(0xAB_CDEF_0123_4540);

    [Fact]
    public void Words_of_frames_and_blocks_are_put_together_as_the_format_says()
    {
        Assert.Equal(0x0001_0002UL, new FrameWord(FrameState.Free, zeroed: true).Value);
        Assert.Equal(0x0000_0403UL, new FrameWord(FrameState.Used, FrameType.Data).Value);
        BlockUse use = BlockUse.Of(BlockType.MapNode, new InodeNumber(0xFEDC_BA98_7654), 6, 0x12_3456_789A_BCDE);
        Assert.Equal(0x0006_FEDC_BA98_7654UL, use.OwnerWord);
        Assert.Equal(0x1234_5678_9ABC_DE02UL, use.TypeWord);
        Assert.Equal(new BlockUse(0, 0x20), BlockUse.Slab(BlockType.InodeSlab));
        Assert.Equal(0x4300UL, Layout.InstanceAt(3).Value);
        Assert.Equal(0x60_3000UL, ArenaPointer.OfBlock(3, 3).Value);
    }

    [Fact]
    public void Words_of_journals_and_requests_are_put_together_as_the_format_says()
    {
        Assert.Equal(0x8765_4321_2222_1111UL, new JournalWord(0x1111, 0x2222, 0x8765_4321).Value);
        Assert.Equal(0x81AB_CDEF_0123_4540UL, UndoEntry.TargetOf(Pointer, UndoEntry.KindWord, 8));
        Assert.Equal(0x03AB_CDEF_0123_4540UL, UndoEntry.TargetOf(Pointer, UndoEntry.KindDataFrame));
        Assert.Equal(0xFFAB_CDEF_0123_4540UL, new FreeEntry(Pointer, BlockType.DataFrame).Value);
        Assert.Equal(0x8765_4321_0000_0001UL, CompletionState.TiedTo(0x8765_4321).Value);
        Assert.Equal(2UL, CompletionState.Valid.Value);
        Assert.Equal(0UL, CompletionState.Empty.Value);
    }

    [Fact]
    public void Words_of_inodes_are_put_together_as_the_format_says()
    {
        Assert.Equal(0xFFFF_FE00_0000_0005UL, new LookupWord(5, 0xFF_FFFE).Value);
        ContentsWord word = ContentsWord.Create(ContentsKind.Packed, 0x3F);
        Assert.Equal(0x0000_003F_0000_0002UL, word.Value);
        word = word.WithShape(ContentsKind.Mapped, 6, 9).WithPending(listed: true, trim: true);
        Assert.Equal(0x0000_003F_0309_0603UL, word.Value);
        Assert.Equal(0x0000_003F_0109_0603UL, word.WithPending(listed: true, trim: false).Value);
        Assert.Equal(0x0000_0004_0309_0603UL, word.WithInstance(4).Value);
        Assert.Equal(0x0000_FFFF_03FF_FFFFUL, new ContentsWord(ulong.MaxValue).WithoutReserved().Value);
        Assert.Equal(0xAB_CDEF_0123_4541UL, MapEntry.Block(Pointer).Value);
        Assert.Equal(0xAB_CDEF_0123_4542UL, MapEntry.Node(Pointer).Value);
        Assert.Equal(0xAB_CDEF_0123_4543UL, MapEntry.Frame(Pointer).Value);
        Assert.Equal(0x40_2000UL, new InodeNumber(0x1_0080).Record.Value);
    }

    [Fact]
    public void Words_of_directories_are_put_together_as_the_format_says()
    {
        Assert.Equal(0x4444_3333_2222_1111UL, new FillWord(0x1111, 0x2222, 0x3333, 0x4444).Value);
        Assert.Equal(0x08FF_FEDC_BA98_7654UL, DirectoryEntryHeader.TargetOf(new InodeNumber(0xFEDC_BA98_7654), 255, 8));
        Assert.Equal(0xAB_CDEF_0123_4541UL, DirectoryPointer.Leaf(Pointer).Value);
        Assert.Equal(0xAB_CDEF_0123_4542UL, DirectoryPointer.Node(Pointer).Value);
        var key = new DirectoryKey(0x1189_EFF0_0270_0E00);
        Assert.Equal(0x1189_EFF0_0270_0E7FUL, key.WithNumber(127).Value);
        Assert.Equal(0xE01C_00E0U, new LeafSlot(0xE0, key).Value);
    }
}
