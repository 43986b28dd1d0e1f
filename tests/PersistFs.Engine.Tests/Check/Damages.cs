using PersistFs.Engine.Arenas;
using PersistFs.Engine.Check;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Check;

/// <summary>Ways to damage a tree, by the finding they cause.</summary>
internal static partial class Damages
{
    private const string Home = DamagedTree.Victims;

    /// <summary>Kinds of damage that keep an arena from being opened.</summary>
    public const int OfHeadCount = 7;

    /// <summary>The one of them in which the root directory is lost.</summary>
    public const int OfHeadWithoutRoot = 5;

    public static IReadOnlyList<Action> Of(FindingKind kind, DamagedTree tree) => kind switch
    {
        FindingKind.Superblock =>
        [
            () => Flip(tree, 88), () => Flip(tree, Layout.SuperblockCopyOffset + 88),
            () => SetSuperblock(tree, (ref Superblock superblock) => superblock.Revision--),
            () => SetSuperblock(tree, (ref Superblock superblock) => superblock.Kind = 7),
        ],
        FindingKind.RootPage =>
        [
            () => Flip(tree, Layout.RootPageOffset + 24), () => Flip(tree, Layout.RootPageOffset + 4096 + 24),
            () => SetRootPage(tree, (ref RootPage page) => page.SessionLast = ulong.MaxValue),
        ],
        FindingKind.Reserved => [() => Flip(tree, 0x20000), () => Flip(tree, Layout.PendingListsOffset + 8)],
        FindingKind.Request =>
        [
            () => Keep(tree, 0x10, 7), () => Keep(tree, 0x20, 7), () => Keep(tree, 0x40, 7),
            () => Keep(tree, WorkerHeader.CompletionsOffset, 1), () => Keep(tree, WorkerHeader.CompletionsOffset, 2),
            () => Keep(tree, WorkerHeader.ListingsOffset, 9), () => Keep(tree, WorkerHeader.ListingsOffset, 2),
        ],
        FindingKind.Instance => OfInstance(tree),
        FindingKind.Leak => OfLeak(tree),
        FindingKind.Frame => OfFrame(tree),
        FindingKind.Block => OfBlock(tree),
        FindingKind.InodeCount =>
            [() => Set(in tree.Worker.Journal.Header.Inodes[0], tree.Worker.Journal.Header.Inodes[0] + 5)],
        FindingKind.InodeRecord => OfRecord(tree),
        FindingKind.Contents => OfContents(tree),
        FindingKind.Directory => OfDirectory(tree),
        FindingKind.Entry => OfEntry(tree),
        FindingKind.DanglingEntry =>
        [
            () => Set(in Entry(tree, "file").TargetWord, DirectoryEntryHeader.TargetOf(new InodeNumber(12345), 4, 8)),
            () => Set(
                in Entry(tree, "file").TargetWord, DirectoryEntryHeader.TargetOf(tree.Inode($"{Home}/file"), 4, 4)),
        ],
        FindingKind.EntryCount =>
        [
            () => Set(in tree.Record(Home).BlockCount, 3UL),
            () => Set(in tree.Record($"{Home}/many").BlockCount, 3000UL),
        ],
        FindingKind.Attribute => OfAttribute(tree),
        FindingKind.LinkCount => OfLinkCount(tree),
        FindingKind.BlockCount =>
        [
            () => Set(in tree.Record($"{Home}/file").BlockCount, 3UL),
            () => Set(in tree.Record($"{Home}/packed").BlockCount, 3UL),
            () => Set(in tree.Record($"{Home}/empty").BlockCount, 3UL),
        ],
        FindingKind.UnreachableInode => OfUnreachable(tree),
        FindingKind.DetachedDirectory => [() => MakeCircle(tree)],
        FindingKind.PendingList => OfPendingList(tree),
        FindingKind.BadPointer => OfPointer(tree),
        FindingKind.UsedTwice => OfUseTwice(tree),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No damage of this kind is known."),
    };

    private static Action[] OfLinkCount(DamagedTree tree) =>
    [
        () => Set(in tree.Record($"{Home}/file").LinkCount, 5U),
        () => Set(in tree.Record($"{Home}/linked").LinkCount, 1U),
        () => Set(in tree.Record($"{Home}/file").LinkCount, 0U), () => Set(in tree.Record(Home).LinkCount, 9U),
        () => Set(in tree.Record($"{Home}/below").LinkCount, 0U),
        () => tree.AddNameOnly(Home, "once more", tree.Inode($"{Home}/below")),
        () => tree.AddNameOnly($"{Home}/below", "up", tree.Tree.Root),
    ];

    private static Action[] OfUnreachable(DamagedTree tree) =>
    [
        () => tree.RemoveNameOnly(Home, "file"),
        () => tree.RemoveNameOnly(Home, "below"),
        () => tree.RemoveNameOnly(Home, "device"),
        () => tree.RemoveNameOnly("", "victims"), () => LoseMany(tree),
    ];

    private static Action[] OfUseTwice(DamagedTree tree) =>
    [
        () => Set(in tree.Record($"{Home}/second").Contents, tree.Record($"{Home}/packed").Contents),
        () => Set(in tree.Record($"{Home}/empty").Attributes, tree.Record($"{Home}/attributes").Attributes),
        () => Set(in Header(tree, 2).Next, tree.Record($"{Home}/attributes").Attributes),
        () => Set(in tree.Record($"{Home}/below/deep").Contents, tree.Record($"{Home}/below").Contents),
    ];

    /// <summary>Damages what an arena is opened by.</summary>
    public static void DoToHead(int number, DamagedTree tree)
    {
        switch (number)
        {
            case 0:
                Flip(tree, Layout.RootPageOffset + 24);
                Flip(tree, Layout.RootPageOffset + 4096 + 24);
                break;
            case 1:
                Write(tree, Layout.WorkerTableOffset + 8 * 40, 3);
                break;
            case 2:
                ArenaPointer journal = ArenaPointer.OfFrame((uint)tree.Space.WorkerTableEntry(0));
                Write(
                    tree,
                    journal.Value + WorkerHeader.UndoOffset,
                    UndoEntry.TargetOf(new ArenaPointer(4096), UndoEntry.KindWord, 8));
                Write(tree, journal.Value, new JournalWord(1, 0, 7).Value);
                break;
            case 3:
                tree.Space.Table.SetWord(0, new FrameWord(FrameState.Free));
                break;
            case 4:
                Set(in Root(tree).Mode, ModeBits.Regular | 0x1ED);
                break;
            case OfHeadWithoutRoot:
                Write(tree, Layout.InstanceTableOffset, 0);
                break;
            default:
                tree.Space.Table.SetWord(tree.Tree.Root.Record.Frame, new FrameWord(FrameState.Used, (FrameType)9));
                break;
        }
    }

    private static IReadOnlyList<Action> OfInstance(DamagedTree tree) =>
    [
        () => Write(tree, Layout.InstanceTableOffset + 48, ulong.MaxValue),
        () => Write(tree, Layout.InstanceTableOffset + 3 * 256, 12345),
        () => Write(tree, Layout.InstanceTableOffset + 3 * 256, tree.Tree.Root.Value),
        () => Write(tree, Layout.InstanceTableOffset + 128 + 16, 12345),
        () => Set(in Root(tree).Parent, tree.Inode(Home).Value),
        () => Set(in Root(tree).LinkCount, 0U),
    ];

    private static IReadOnlyList<Action> OfLeak(DamagedTree tree) =>
    [
        () => Allocate(
            tree, transaction => transaction.AllocateBlock(BlockUse.Of(BlockType.Data, tree.Tree.Root, 0, 0))),
        () => Allocate(tree, transaction => transaction.AllocateObject(SizeClass.Holding(100))),
        () => Allocate(tree, transaction =>
        {
            ArenaPointer record = transaction.AllocateObject(BlockType.InodeSlab);
            transaction.WriteFresh(record, default(InodeRecord));
        }),
        () => Allocate(tree, transaction =>
            Assert.True(transaction.TryAllocateDataFrame(tree.Tree.Root, 0, out _, out _))),
    ];

    private static IReadOnlyList<Action> OfFrame(DamagedTree tree)
    {
        FrameTable table = tree.Space.Table;
        uint last = table.FrameCount - 1;
        uint blocks = tree.Inode(Home).Record.Frame;
        return
        [
            () => table.SetWord(last, new FrameWord(FrameState.Growing)),
            () => table.SetWord(last, new FrameWord(FrameState.Absent, FrameType.Data)),
            () => table.SetWord(blocks, new FrameWord(FrameState.Used, FrameType.Blocks, zeroed: true)),
            () => table.SetWord(blocks, new FrameWord(FrameState.Used, (FrameType)9)),
            () => table.SetWord(blocks, new FrameWord(FrameState.Used, FrameType.System)),
            () => Set(in table.At(blocks).Blocks[0], table.At(blocks).Blocks[0] & ~3UL),
            () => LieAboutZeros(tree),
        ];
    }

    private static IReadOnlyList<Action> OfBlock(DamagedTree tree) =>
    [
        () =>
        {
            ArenaPointer block = default;
            Allocate(
                tree,
                transaction => block = transaction.AllocateBlock(BlockUse.Of(BlockType.Data, tree.Tree.Root, 0, 0)));
            Set(in Descriptor(tree, block).TypeWord, 77UL);
        },
        () => Set(in Descriptor(tree, Inode(tree)).Objects, Descriptor(tree, Inode(tree)).Objects | 1UL << 40),
        () => Set(in Descriptor(tree, Inode(tree)).TypeWord, Descriptor(tree, Inode(tree)).TypeWord | 0x7700),
        () =>
        {
            ArenaPointer packed = new(tree.Record($"{Home}/packed").Contents);
            Set(in Descriptor(tree, packed).TypeWord, Descriptor(tree, packed).TypeWord | 0x7700);
        },
    ];

    private static IReadOnlyList<Action> OfRecord(DamagedTree tree) =>
    [
        .. new[] { "file", "below", "link", "packed", "device", "empty" }.SelectMany(name => new Action[]
        {
            () => Set(in tree.Record($"{Home}/{name}").Mode, 0x31A4U),
            () => Set(in tree.Record($"{Home}/{name}").Mode, tree.Record($"{Home}/{name}").Mode | 0x70000),
            () => Set(in tree.Record($"{Home}/{name}").Generation, 0U),
            () => Set(in tree.Record($"{Home}/{name}").Flags, 0xFFFF_0000U),
            () => Set(in tree.Record($"{Home}/{name}").Size, ulong.MaxValue),
            () => Or(in tree.Record($"{Home}/{name}").ContentsWord, 0x7700_0000_0000_0000),
            () => Or(in tree.Record($"{Home}/{name}").ContentsWord, 5UL << 32),
            () => Or(in tree.Record($"{Home}/{name}").ContentsWord, 0xFF),
            () => Set(in tree.Record($"{Home}/{name}").PendingNext, 12345UL),
        }),
        () => Set(in tree.Record($"{Home}/file").Mode, ModeBits.Directory | 0x1ED),
        () => Set(in tree.Record($"{Home}/packed").Mode, ModeBits.Directory | 0x1ED),
        () => Set(in tree.Record($"{Home}/empty").Mode, ModeBits.Directory | 0x1ED),
        () => Set(in tree.Record($"{Home}/empty").Mode, ModeBits.SymbolicLink | 0x1FF),
        () => Set(in tree.Record($"{Home}/file").Mode, ModeBits.Fifo | 0x1FF),
        () => Set(in tree.Record($"{Home}/below").Mode, ModeBits.Regular | 0x1ED),
        () => SetKind(tree, "below", ContentsKind.None),
        () => SetKind(tree, "many", ContentsKind.Packed),
        () => SetKind(tree, "file", ContentsKind.Directory),
        () => SetKind(tree, "device", ContentsKind.Mapped),
        () => Set(in tree.Record($"{Home}/link").Size, 0UL),
        () => Set(in tree.Record($"{Home}/file").Parent, tree.Inode(Home).Value),
        () => Or(in tree.Record($"{Home}/packed").ContentsWord, 0x0901_00),
    ];

    private static IReadOnlyList<Action> OfContents(DamagedTree tree) =>
    [
        () => Set(in tree.Record($"{Home}/file").Size, 5000UL),
        () => Set(in tree.Record($"{Home}/large").Size, 5000UL),
        () => Set(in tree.Record($"{Home}/packed").Size, 2000UL),
        () => Or(in tree.Record($"{Home}/file").ContentsWord, 0x0700),
        () => Write(tree, Node(tree, "file").Value + 80, 0xF),
        () => Write(tree, Node(tree, "file").Value + 80, 1UL << 60 | 1),
        () => Set(
            in tree.Record($"{Home}/file").Contents,
            new MapEntry(tree.Record($"{Home}/file").Contents).Pointer.Value | 7),
    ];

    private static IReadOnlyList<Action> OfDirectory(DamagedTree tree) =>
    [
        () => Write(tree, Leaf(tree).Value, ulong.MaxValue),
        () => Write(tree, Leaf(tree).Value, tree.Space.Arena.At<ulong>(Leaf(tree)) + (1UL << 48)),
        () => Write(tree, Leaf(tree).Value + 8, tree.Space.Arena.At<ulong>(Leaf(tree) + 8) ^ 1UL << 24),
        () => Set(in tree.Record(Home).Contents, tree.Record(Home).Contents | 7),
        () => Write(tree, Leaf(tree).Value + 16, tree.Space.Arena.At<ulong>(Leaf(tree) + 16) | 0xFF8),
    ];

    private static IReadOnlyList<Action> OfEntry(DamagedTree tree) =>
    [
        () => Set(in Entry(tree, "file").Key, Entry(tree, "file").Key ^ 0x7000),
        () => Set(in Entry(tree, "file").Key, ulong.MaxValue),
        () => Or(in Entry(tree, "file").TargetWord, 1UL << 62),
        () => Write(tree, Slot(tree, "file").Value + 16, (ulong)'a' | (ulong)'/' << 8),
        () => Write(tree, Slot(tree, "file").Value + 16, tree.Space.Arena.At<ulong>(Slot(tree, "link") + 16)),
        () => Set(in tree.Record($"{Home}/below/deep").Parent, tree.Inode(Home).Value),
        () => Set(in tree.Record($"{Home}/below/deep").Parent, tree.Inode("/others").Value),
        () => tree.AddNameOnly(Home, "shortcut", tree.Inode($"{Home}/below/deep")),
    ];

    private static IReadOnlyList<Action> OfAttribute(DamagedTree tree) =>
    [
        .. Enumerable.Range(0, 4).SelectMany(index => new Action[]
        {
            () => Set(in Header(tree, index).NameLength, (ushort)0),
            () => Set(in Header(tree, index).NameLength, (ushort)250),
            () => Set(in Header(tree, index).ValueLength, 100_000U),
            () => Set(in Header(tree, index).IsIndirect, (byte)7),
            () => Set(in Header(tree, index).Reserved, (byte)1),
            () => Write(tree, tree.Space.Arena.PointerTo(in Header(tree, index)).Value + 16, 0),
        }),
        () => Write(tree, tree.Space.Arena.PointerTo(in Header(tree, 1)).Value + 16,
            tree.Space.Arena.At<ulong>(tree.Space.Arena.PointerTo(in Header(tree, 0)) + 16)),
    ];

    private static IReadOnlyList<Action> OfPendingList(DamagedTree tree) =>
    [
        () => Write(tree, Layout.PendingListsOffset + 64, 12345),
        () => Write(tree, Layout.PendingListsOffset + 64, tree.Inode($"{Home}/file").Value),
        () => Or(in tree.Record($"{Home}/file").ContentsWord, 1UL << 24),
        () => Orphan(tree, "file"),
        () => Orphan(tree, "large"),
        () =>
        {
            Pend(tree, "small");
            Write(tree, Layout.PendingListsOffset + (ulong)tree.Inode($"{Home}/small").PendingList * 64, 0);
        },
        () =>
        {
            Pend(tree, "small");
            Set(in tree.Record($"{Home}/small").PendingNext, tree.Inode($"{Home}/small").Value);
        },
    ];

    private static IReadOnlyList<Action> OfPointer(DamagedTree tree) =>
    [
        () => Write(tree, Node(tree, "file").Value + 80, MapEntry.Block(new ArenaPointer(12345 << 12)).Value),
        () => Write(tree, Node(tree, "file").Value + 80, tree.Space.Arena.At<ulong>(Node(tree, "file") + 88)),
        () => Set(in tree.Record($"{Home}/file").Contents, MapEntry.Node(tree.Tree.Root.Record).Value),
        () => Set(in tree.Record($"{Home}/packed").Contents, 0UL),
        () => Set(in tree.Record($"{Home}/link").Contents, 0x1234_5678UL),
        () => Set(in tree.Record($"{Home}/attributes").Attributes, 0x1234_5678UL),
        () => Set(in Header(tree, 1).Next, 0x1234_5678UL),
        () => Set(in tree.Record(Home).Contents, DirectoryPointer.Leaf(new ArenaPointer(12345 << 12)).Value),
        () => Set(in tree.Record($"{Home}/many").Contents, DirectoryPointer.Leaf(tree.Tree.Root.Record).Value),
        () => Write(tree, DirectoryNode(tree).Value + 8 * 200, DirectoryPointer.Leaf(tree.Tree.Root.Record).Value),
    ];
}
