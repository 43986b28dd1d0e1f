using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Volumes;

/// <summary>Two trees in one arena. There is no verb that makes the second; here it is written by hand.</summary>
public sealed class TreesTests
{
    private const int SecondSlot = 5;

    [Fact]
    public void An_arena_has_the_tree_that_format_made_and_no_other()
    {
        using var arena = new TestArena();
        Assert.Equal([0], arena.Volume.TreeSlots);
        Assert.Same(arena.Tree, arena.Volume.OpenTree(arena.Tree.Slot));
        Assert.Throws<ArenaException>(() => arena.Volume.OpenTree(SecondSlot));
        Assert.Throws<ArenaException>(() => arena.Volume.OpenTree(Layout.InstanceCount));
    }

    [Fact]
    public void Names_and_counts_of_two_trees_are_apart_and_stay_when_the_arena_is_opened_again()
    {
        using var arena = new TestArena();
        Tree second = MakeSecond(arena);
        Assert.NotEqual(arena.Tree.Root, second.Root);
        InodeNumber file = Create(arena, arena.Tree, "file");
        InodeNumber other = Create(arena, second, "file");
        Create(arena, second, "more");
        Assert.NotEqual(file, other);
        Assert.Equal(Errno.ENOENT, Find(arena, arena.Tree, "more", out _));
        Assert.Equal((2UL, 3UL), (arena.Tree.GetStatistics().InodesUsed, second.GetStatistics().InodesUsed));
        Assert.Equal(Errno.ESTALE, arena.Tree.LookupSelf(arena.Worker, other, out _));
        arena.RequireClean();

        arena.Reopen();
        Assert.Equal([0, SecondSlot], arena.Volume.TreeSlots);
        second = arena.Volume.OpenTree(SecondSlot);
        Assert.Equal(Errno.OK, Find(arena, arena.Tree, "file", out InodeNumber found));
        Assert.Equal(file, found);
        Assert.Equal(Errno.OK, Find(arena, second, "file", out found));
        Assert.Equal(other, found);
        Assert.Equal((2UL, 3UL), (arena.Tree.GetStatistics().InodesUsed, second.GetStatistics().InodesUsed));
    }

    [Fact]
    public void A_tree_has_a_session_of_its_own_and_an_inode_limit_of_its_own()
    {
        using var arena = new TestArena();
        Tree second = MakeSecond(arena);
        arena.Tree.BeginSession();
        second.BeginSession();
        Assert.NotEqual(arena.Tree.Session, second.Session);
        second.LimitInodes(2);
        Create(arena, second, "last");
        var node = new NewNode { Mode = ModeBits.Regular, UserId = 0, GroupId = 0 };
        Assert.Equal(
            Errno.ENOSPC, second.Create(arena.Worker, second.Root, NameOf("over"), in node, default, out _));
        Create(arena, arena.Tree, "file");
    }

    [Fact]
    public void A_file_that_one_session_holds_outlives_its_name_and_a_new_session_of_the_other_tree()
    {
        using var arena = new TestArena();
        Tree second = MakeSecond(arena);
        arena.Tree.BeginSession();
        second.BeginSession();
        InodeNumber held = Create(arena, second, "held");
        Assert.Equal(Errno.OK, second.Unlink(arena.Worker, second.Root, NameOf("held")));
        arena.Tree.BeginSession();
        Assert.Equal(0, arena.Volume.ReapOrphans(arena.Worker, CancellationToken.None));
        Assert.Equal(Errno.OK, second.GetAttributes(arena.Worker, held, out _));
        second.BeginSession();
        Assert.Equal(1, arena.Volume.ReapOrphans(arena.Worker, CancellationToken.None));
        Assert.Equal(Errno.ESTALE, second.GetAttributes(arena.Worker, held, out _));
    }

    [Fact]
    public void A_request_in_hand_is_taken_over_by_its_own_tree()
    {
        const ulong request = 77;
        using var arena = new TestArena();
        Tree second = MakeSecond(arena);
        arena.Tree.BeginSession();
        second.BeginSession();
        second.BeginRequest(arena.Worker, request);
        arena.Volume.Dispose();

        using Volume successor = Volume.Open(arena.Path, new VolumeOptions());
        successor.DefaultTree.ResumeSession();
        successor.OpenTree(SecondSlot).ResumeSession();
        Assert.Equal(default, successor.DefaultTree.DeathsOf(request));
        Assert.Equal(1, successor.OpenTree(SecondSlot).DeathsOf(request).Crashes);
        successor.Dispose();
        arena.Reopen();
    }

    /// <summary>Writes a root directory and an instance record, as a verb for it would.</summary>
    private static Tree MakeSecond(TestArena arena)
    {
        Space space = arena.Volume.Space;
        using (Transaction transaction = arena.Worker.Begin())
        {
            Assert.True(transaction.TryReserve(1));
            InodeNumber root = arena.Volume.Inodes.Create(transaction, new InodeRecord
            {
                Mode = ModeBits.Directory | 0x1ED,
                LinkCount = 2,
                Generation = arena.Worker.NextGeneration(),
                ContentsWord = ContentsWord.Create(ContentsKind.Directory, SecondSlot).Value,
            });
            transaction.Set(in space.Arena.At<InodeRecord>(root.Record).Parent, root.Value);
            transaction.Set(in InstanceTable.At(space.Arena, SecondSlot).RootInode, root.Value);
            transaction.Commit();
        }
        return arena.Volume.OpenTree(SecondSlot);
    }

    private static InodeNumber Create(TestArena arena, Tree tree, string name)
    {
        var node = new NewNode { Mode = ModeBits.Regular | 0x1A4, UserId = 0, GroupId = 0 };
        Errno error = tree.Create(
            arena.Worker, tree.Root, NameOf(name), in node, default, out InodeAttributes attributes);
        Assert.Equal(Errno.OK, error);
        return attributes.Inode;
    }

    private static Errno Find(TestArena arena, Tree tree, string name, out InodeNumber inode)
    {
        Errno error = tree.Lookup(arena.Worker, tree.Root, NameOf(name), out InodeAttributes attributes);
        inode = attributes.Inode;
        return error;
    }

    private static FileName NameOf(string name)
    {
        Assert.Equal(Errno.OK, FileName.TryCreate(System.Text.Encoding.UTF8.GetBytes(name), out FileName fileName));
        return fileName;
    }
}
