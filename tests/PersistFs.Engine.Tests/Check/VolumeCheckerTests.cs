using PersistFs.Engine.Arenas;
using PersistFs.Engine.Check;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Check;

/// <summary>Each rule of the format, broken on purpose: the checker names it, and nothing else.</summary>
public sealed class VolumeCheckerTests : IDisposable
{
    private readonly TestArena arena = new(FormatOptions.SizeMin) { IsDamaged = true };

    private Space Space => arena.Volume.Space;

    private ref readonly InodeRecord Root => ref Space.Arena.At<InodeRecord>(arena.Tree.Root.Record);

    public void Dispose() => arena.Dispose();

    [Fact]
    public void A_new_arena_is_clean()
    {
        CheckReport report = VolumeChecker.Check(arena.Volume);
        Assert.Empty(report.Findings);
        Assert.Equal(1UL, report.Inodes);
        Assert.Equal(1UL, report.Directories);
        Assert.Equal(3UL, report.FramesPresent);
    }

    [Fact]
    public void A_closed_arena_is_checked_by_its_path()
    {
        arena.Volume.Dispose();
        Assert.True(VolumeChecker.Check(arena.Path, new VolumeOptions()).IsClean);
        arena.Reopen();
    }

    [Fact]
    public void A_damaged_superblock_copy_is_found()
    {
        Flip(Layout.SuperblockCopyOffset + 88);
        Assert.Equal(FindingKind.Superblock, OnlyFinding());
    }

    [Fact]
    public void A_damaged_root_page_is_found()
    {
        Flip(Layout.RootPageOffset + 24);
        Assert.Equal(FindingKind.RootPage, OnlyFinding());
    }

    [Fact]
    public void A_reserved_byte_that_is_not_zero_is_found()
    {
        Flip(0x20000);
        Assert.Equal(FindingKind.Reserved, OnlyFinding());
    }

    [Fact]
    public void An_inode_without_a_name_is_found()
    {
        _ = CreateInode(links: 1);
        Assert.Equal(FindingKind.UnreachableInode, OnlyFinding());
    }

    [Fact]
    public void An_orphan_that_is_on_no_pending_list_is_found()
    {
        _ = CreateInode(links: 0);
        Assert.Equal(FindingKind.PendingList, OnlyFinding());
    }

    [Fact]
    public void An_orphan_on_its_pending_list_is_no_fault()
    {
        InodeNumber inode = CreateInode(links: 0);
        using (Transaction transaction = arena.Worker.Begin())
        {
            new PendingLists(Space, new InodeTable(Space)).Add(transaction, inode, needsTrim: false);
            transaction.Commit();
        }
        CheckReport report = VolumeChecker.Check(arena.Volume);
        Assert.Empty(report.Findings);
        Assert.Equal(1UL, report.PendingInodes);
    }

    [Fact]
    public void A_block_that_nothing_leads_to_is_a_leak()
    {
        using (Transaction transaction = arena.Worker.Begin())
        {
            Assert.True(transaction.TryReserve(1));
            _ = transaction.AllocateBlock(BlockUse.Of(BlockType.Data, arena.Tree.Root, 0, 0));
            transaction.Commit();
        }
        Assert.Equal(FindingKind.Leak, OnlyFinding());
    }

    [Fact]
    public void An_object_that_nothing_leads_to_is_a_leak()
    {
        using (Transaction transaction = arena.Worker.Begin())
        {
            Assert.True(transaction.TryReserve(1));
            _ = transaction.AllocateObject(SizeClass.Holding(100));
            transaction.Commit();
        }
        Assert.Equal(FindingKind.Leak, OnlyFinding());
    }

    [Fact]
    public void A_data_frame_that_nothing_leads_to_is_a_leak()
    {
        Assert.Equal(Errno.OK, Space.Allocator.Supply.TryGrow());
        using (Transaction transaction = arena.Worker.Begin())
        {
            Assert.True(transaction.TryAllocateDataFrame(arena.Tree.Root, 0, out _, out _));
            transaction.Commit();
        }
        Assert.Equal(FindingKind.Leak, OnlyFinding());
    }

    [Fact]
    public void A_link_count_that_is_too_high_is_found()
    {
        Store.Word(ref Mutable(in Root.LinkCount), 3U);
        Assert.Equal(FindingKind.LinkCount, OnlyFinding());
    }

    [Fact]
    public void An_entry_count_that_is_too_high_is_found()
    {
        Store.Word(ref Mutable(in Root.BlockCount), 1UL);
        Assert.Equal(FindingKind.EntryCount, OnlyFinding());
    }

    [Fact]
    public void A_pointer_to_what_is_not_allocated_is_found()
    {
        Store.Word(ref Mutable(in Root.Contents),
            DirectoryPointer.Leaf(Root.Contents == 0 ? arena.Tree.Root.Record + 4096 : default).Value);
        Assert.Equal(FindingKind.BadPointer, OnlyFinding());
    }

    [Fact]
    public void A_generation_of_zero_is_found()
    {
        Store.Word(ref Mutable(in Root.Generation), 0U);
        Assert.Equal(FindingKind.InodeRecord, OnlyFinding());
    }

    [Fact]
    public void A_journal_that_is_not_idle_is_found()
    {
        ref readonly WorkerHeader header = ref arena.Worker.Journal.Header;
        Store.Word(ref Mutable(in header.JournalState), new JournalWord(1, 0, 7).Value);
        Assert.Equal(FindingKind.Journal, OnlyFinding());
        Store.Word(ref Mutable(in header.JournalState), new JournalWord(0, 0, 7).Value);
    }

    [Theory]
    [InlineData(0x40UL, 7UL)] // A suspect of no session.
    [InlineData(0x60000UL, 1UL)] // A record that is still tied.
    [InlineData(0x60000UL, 9UL)] // A record in no state.
    [InlineData(0x60000UL + 256, 2UL)] // A record of no session and no request.
    [InlineData(0x68000UL, 1UL)]
    [InlineData(0x68000UL, 2UL)]
    [InlineData(0x10UL, 7UL)] // In hand, of no session.
    [InlineData(0x20UL, 7UL)] // Forgets, of no session.
    public void What_cannot_be_kept_of_a_request_is_found(ulong offset, ulong word)
    {
        Store.Word(ref Space.Arena.Target<ulong>(arena.Worker.Journal.Start + offset), word);
        CheckReport report = VolumeChecker.Check(arena.Volume);
        Assert.NotEmpty(report.Findings);
        Assert.All(report.Findings, finding => Assert.Equal(FindingKind.Request, finding.Kind));
    }

    [Fact]
    public void A_request_that_is_in_hand_and_recorded_is_no_fault()
    {
        arena.Tree.BeginSession();
        arena.Tree.BeginRequest(arena.Worker, 7);
        Assert.Equal(Errno.OK, arena.Tree.LookupSelf(arena.Worker, arena.Tree.Root, out _));
        Assert.True(VolumeChecker.Check(arena.Volume).IsClean);
    }

    [Fact]
    public void A_count_of_inodes_that_is_wrong_is_found()
    {
        ref readonly long count = ref arena.Worker.Journal.Header.Inodes[0];
        Store.Word(ref Mutable(in count), count + 1);
        Assert.Equal(FindingKind.InodeCount, OnlyFinding());
    }

    [Fact]
    public void A_frame_between_two_states_is_found()
    {
        Space.Table.SetWord(Space.Table.FrameCount - 1, new FrameWord(FrameState.Growing));
        Assert.Equal(FindingKind.Frame, OnlyFinding());
    }

    [Fact]
    public void A_frame_that_is_said_to_be_zero_and_is_not_is_found()
    {
        Assert.Equal(Errno.OK, Space.Allocator.Supply.TryGrow());
        uint frame = 0;
        while (Space.Table.WordOf(frame).State != FrameState.Free) frame++;
        Assert.True(Space.Table.WordOf(frame).IsZeroed);
        Assert.True(VolumeChecker.Check(arena.Volume).IsClean);
        Store.Word(ref Space.Arena.Target<ulong>(ArenaPointer.OfFrame(frame) + 4096), 1UL);
        Assert.Equal(FindingKind.Frame, OnlyFinding());
    }

    [Fact]
    public void Blocks_that_the_volume_has_lost_from_its_count_are_found()
    {
        Assert.True(Space.Allocator.Supply.TryTake(1));
        Assert.Equal(FindingKind.FreeSpace, OnlyFinding());
    }

    private InodeNumber CreateInode(uint links)
    {
        using Transaction transaction = arena.Worker.Begin();
        Assert.True(transaction.TryReserve(1));
        InodeNumber inode = new InodeTable(Space).Create(transaction, new InodeRecord
        {
            Mode = ModeBits.Regular | 0x1A4,
            LinkCount = links,
            Generation = arena.Worker.NextGeneration(),
            ContentsWord = ContentsWord.Create(ContentsKind.None, 0).Value,
        });
        transaction.Commit();
        return inode;
    }

    private void Flip(ulong offset) =>
        Store.Word(
            ref Space.Arena.Target<ulong>(new ArenaPointer(offset)), ~Space.Arena.At<ulong>(new ArenaPointer(offset)));

    private FindingKind OnlyFinding() => Assert.Single(VolumeChecker.Check(arena.Volume).Findings).Kind;

    private static ref T Mutable<T>(ref readonly T field)
        where T : unmanaged =>
        ref System.Runtime.CompilerServices.Unsafe.AsRef(in field);
}
