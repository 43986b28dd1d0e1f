using System.Runtime.CompilerServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Check;

/// <summary>What damages are done with: places in the tree, and stores past every rule.</summary>
internal static partial class Damages
{
    private static void Keep(DamagedTree tree, ulong offset, ulong word) =>
        Write(tree, (tree.Worker.Journal.Start + offset).Value, word);

    private delegate void Change<T>(ref T page);

    private static void SetSuperblock(DamagedTree tree, Change<Superblock> change)
    {
        ref Superblock superblock = ref tree.Space.Arena.Target<Superblock>(ArenaPointer.Null);
        change(ref superblock);
        superblock.Checksum = Checksum.Of(in superblock);
    }

    private static void SetRootPage(DamagedTree tree, Change<RootPage> change)
    {
        ref RootPage page = ref tree.Space.Arena.Target<RootPage>(new ArenaPointer(Layout.RootPageOffset));
        change(ref page);
        page.Checksum = Checksum.Of(in page);
    }

    private static void SetKind(DamagedTree tree, string name, ContentsKind kind)
    {
        ref readonly ulong word = ref tree.Record($"{Home}/{name}").ContentsWord;
        Set(in word, word & ~0xFFUL | (ulong)kind);
    }

    private delegate void Use(Transaction transaction);

    private static void Allocate(DamagedTree tree, Use use)
    {
        using Transaction transaction = tree.Worker.Begin();
        Assert.True(transaction.TryReserve(1));
        use(transaction);
        transaction.Commit();
    }

    private static void LieAboutZeros(DamagedTree tree)
    {
        Assert.Equal(Errno.OK, tree.Space.Allocator.Supply.TryGrow());
        uint frame = 0;
        while (!tree.Space.Table.WordOf(frame).IsZeroed) frame++;
        Write(tree, ArenaPointer.OfFrame(frame).Value + 4096, 1);
    }

    private static void LoseMany(DamagedTree tree)
    {
        for (int index = 0; index < 300; index++) tree.RemoveNameOnly($"{Home}/many", $"a longer name, number {index}");
    }

    /// <summary>A directory goes below its own subdirectory.</summary>
    private static void MakeCircle(DamagedTree tree)
    {
        InodeNumber below = tree.Inode($"{Home}/below");
        InodeNumber deep = tree.Inode($"{Home}/below/deep");
        tree.AddNameOnly($"{Home}/below/deep", "circle", below);
        tree.RemoveNameOnly(Home, "below");
        Set(in tree.Space.Arena.At<InodeRecord>(below.Record).Parent, deep.Value);
        Set(in tree.Space.Arena.At<InodeRecord>(deep.Record).LinkCount, 3U);
        Set(in tree.Record(Home).LinkCount, tree.Record(Home).LinkCount - 1);
    }

    /// <summary>A file loses its name and its links, and is on no list.</summary>
    private static void Orphan(DamagedTree tree, string name)
    {
        InodeNumber inode = tree.Inode($"{Home}/{name}");
        tree.RemoveNameOnly(Home, name);
        Set(in tree.Space.Arena.At<InodeRecord>(inode.Record).LinkCount, 0U);
    }

    private static void Pend(DamagedTree tree, string name)
    {
        InodeNumber inode = tree.Inode($"{Home}/{name}");
        using Transaction transaction = tree.Worker.Begin();
        new PendingLists(tree.Space, new InodeTable(tree.Space)).Add(
            transaction, inode, needsTrim: true);
        transaction.Commit();
    }

    private static ref readonly InodeRecord Root(DamagedTree tree) =>
        ref tree.Space.Arena.At<InodeRecord>(tree.Tree.Root.Record);

    private static ArenaPointer Inode(DamagedTree tree) => tree.Inode($"{Home}/file").Record;

    private static ArenaPointer Node(DamagedTree tree, string name) =>
        new MapEntry(tree.Record($"{Home}/{name}").Contents).Pointer;

    private static ArenaPointer DirectoryNode(DamagedTree tree) =>
        new DirectoryPointer(tree.Record($"{Home}/many").Contents).Target;

    private static ArenaPointer Leaf(DamagedTree tree) => tree.Slot(Home, "file").Leaf;

    private static ArenaPointer Slot(DamagedTree tree, string name)
    {
        DirectorySlot slot = tree.Slot(Home, name);
        return slot.Leaf + (ulong)slot.Position;
    }

    private static ref readonly DirectoryEntryHeader Entry(DamagedTree tree, string name) =>
        ref tree.Space.Arena.At<DirectoryEntryHeader>(Slot(tree, name));

    private static ref readonly AttributeHeader Header(DamagedTree tree, int index)
    {
        ref readonly AttributeHeader header =
            ref tree.Space.Arena.At<AttributeHeader>(new ArenaPointer(tree.Record($"{Home}/attributes").Attributes));
        for (; index > 0; index--) header = ref tree.Space.Arena.At<AttributeHeader>(new ArenaPointer(header.Next));
        return ref header;
    }

    private static ref readonly BlockDescriptor Descriptor(DamagedTree tree, ArenaPointer pointer) =>
        ref tree.Space.Table.BlockAt(pointer.Frame, pointer.BlockInFrame);

    private static void Flip(DamagedTree tree, ulong offset) =>
        Write(tree, offset, ~tree.Space.Arena.At<ulong>(new ArenaPointer(offset)));

    private static void Write(DamagedTree tree, ulong offset, ulong value) =>
        Store.Word(ref tree.Space.Arena.Target<ulong>(new ArenaPointer(offset)), value);

    private static void Or(ref readonly ulong field, ulong bits) => Set(in field, field | bits);

    private static void Set<T>(ref readonly T field, T value)
        where T : unmanaged =>
        Store.Word(ref Unsafe.AsRef(in field), value);
}
