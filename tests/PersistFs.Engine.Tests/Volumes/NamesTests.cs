using System.Text;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Volumes;

public sealed class NamesTests : IDisposable
{
    private readonly TestArena arena = new();

    [Theory]
    [InlineData(1, 3)]
    [InlineData(200, 8)]
    [InlineData(30_000, 12)]
    [InlineData(600, 255)]
    public void Each_name_is_found_listed_once_and_gone_after_its_removal(int count, int nameLength)
    {
        for (int index = 0; index < count; index++) Forget(Create(NameOf(index, nameLength)));
        for (int index = 0; index < count; index++) Assert.Equal(Errno.OK, LookupAndForget(NameOf(index, nameLength)));
        HashSet<string> listed = ListInPortions(entriesPerCall: 37);
        Assert.Equal(count + 2, listed.Count);
        for (int index = 0; index < count; index += 2) Assert.Equal(Errno.OK, Unlink(NameOf(index, nameLength)));
        for (int index = 0; index < count; index++)
            Assert.Equal(index % 2 == 0 ? Errno.ENOENT : Errno.OK, LookupAndForget(NameOf(index, nameLength)));
        for (int index = 1; index < count; index += 2) Assert.Equal(Errno.OK, Unlink(NameOf(index, nameLength)));
        Assert.Equal(2, ListInPortions(entriesPerCall: 10).Count);
        Assert.Equal(1, arena.Volume.Space.CountInodes(instance: 0));
    }

    [Fact]
    public void Every_block_comes_back_when_the_last_name_goes()
    {
        long before = arena.Volume.Space.Allocator.Supply.AvailableBlocks
            + arena.Volume.Space.Allocator.Supply.GrowableBlocks;
        for (int index = 0; index < 5000; index++) Forget(Create(NameOf(index, 20)));
        for (int index = 0; index < 5000; index++) Assert.Equal(Errno.OK, Unlink(NameOf(index, 20)));
        Assert.Equal(before,
            arena.Volume.Space.Allocator.Supply.AvailableBlocks + arena.Volume.Space.Allocator.Supply.GrowableBlocks);
    }

    [Fact]
    public void A_cookie_stands_behind_its_name_whatever_comes_and_goes()
    {
        for (int index = 0; index < 3000; index++) Forget(Create(NameOf(index, 9)));
        var seen = new HashSet<string>();
        ulong cookie = 0;
        for (int call = 0; Read(ref cookie, 11, seen) > 0; call++)
        {
            Forget(Create($"new{call}"));
            Assert.Equal(Errno.OK, Unlink($"new{call}"));
            if (call % 3 == 0) Forget(Create($"stays{call}"));
        }
        Assert.Superset(Enumerable.Range(0, 3000).Select(index => NameOf(index, 9)).ToHashSet(), seen);
    }

    [Fact]
    public void A_renamed_directory_leads_to_its_new_parent_and_cannot_go_below_itself()
    {
        InodeNumber first = Create("first", ModeBits.Directory);
        InodeNumber second = Create("second", ModeBits.Directory);
        Assert.Equal(Errno.OK, Rename(arena.Tree.Root, "first", second, "inner"));
        Assert.Equal(Errno.OK, arena.Tree.LookupParent(arena.Worker, first, out InodeAttributes parent));
        Assert.Equal(second, parent.Inode);
        Assert.Equal(Errno.EINVAL, Rename(arena.Tree.Root, "second", first, "loop"));
        Assert.Equal(Errno.ENOTEMPTY, RemoveDirectory("second"));
    }

    [Fact]
    public void Exchange_swaps_a_file_and_a_directory()
    {
        InodeNumber directory = Create("directory", ModeBits.Directory);
        InodeNumber file = Create("file");
        Assert.Equal(Errno.OK, Rename(arena.Tree.Root, "file", arena.Tree.Root, "directory", RenameMode.Exchange));
        Assert.Equal(directory, Find("file"));
        Assert.Equal(file, Find("directory"));
    }

    [Fact]
    public void A_file_without_names_lives_until_it_is_forgotten()
    {
        InodeNumber file = Create("file");
        Assert.Equal(Errno.OK, Unlink("file"));
        Assert.Equal(Errno.OK, arena.Tree.LookupSelf(arena.Worker, file, out InodeAttributes attributes));
        Assert.Equal(0U, attributes.LinkCount);
        arena.Tree.Forget(arena.Worker, file, 2);
        Assert.Equal(Errno.ESTALE, arena.Tree.LookupSelf(arena.Worker, file, out _));
    }

    [Fact]
    public void An_immutable_directory_is_refused_before_it_is_found_to_hold_names()
    {
        InodeNumber directory = Create("directory", ModeBits.Directory);
        Create("other");
        Assert.Equal(Errno.OK, Rename(arena.Tree.Root, "other", directory, "inner"));
        Assert.Equal(Errno.ENOTEMPTY, RemoveDirectory("directory"));
        Assert.Equal(Errno.OK, arena.Tree.SetFlags(arena.Worker, directory, InodeFlags.Immutable));
        Assert.Equal(Errno.EPERM, RemoveDirectory("directory"));
    }

    public void Dispose() => arena.Dispose();

    private static string NameOf(int index, int length) =>
        index.ToString(System.Globalization.CultureInfo.InvariantCulture).PadLeft(length, 'n');

    private InodeNumber Create(string text, uint type = ModeBits.Regular)
    {
        var node = new NewNode { Mode = type | 0x1ED, UserId = 0, GroupId = 0 };
        Assert.Equal(Errno.OK, arena.Tree.Create(
            arena.Worker, arena.Tree.Root, Name(text), in node, default, out InodeAttributes attributes));
        return attributes.Inode;
    }

    private void Forget(InodeNumber inode) => arena.Tree.Forget(arena.Worker, inode, 1);

    private Errno LookupAndForget(string text)
    {
        Errno error = arena.Tree.Lookup(arena.Worker, arena.Tree.Root, Name(text), out InodeAttributes attributes);
        if (error == Errno.OK) Forget(attributes.Inode);
        return error;
    }

    private InodeNumber Find(string text)
    {
        Assert.Equal(
            Errno.OK, arena.Tree.Lookup(arena.Worker, arena.Tree.Root, Name(text), out InodeAttributes attributes));
        return attributes.Inode;
    }

    private Errno Unlink(string text) => arena.Tree.Unlink(arena.Worker, arena.Tree.Root, Name(text));

    private Errno RemoveDirectory(string text) =>
        arena.Tree.RemoveDirectory(arena.Worker, arena.Tree.Root, Name(text));

    private Errno Rename(
        InodeNumber from, string oldName, InodeNumber to, string newName, RenameMode mode = RenameMode.Replace) =>
        arena.Tree.Rename(
            arena.Worker, new DirectoryName(from, Name(oldName)), new DirectoryName(to, Name(newName)), mode,
            in Credentials.Root);

    private HashSet<string> ListInPortions(int entriesPerCall)
    {
        var seen = new HashSet<string>();
        ulong cookie = 0;
        while (Read(ref cookie, entriesPerCall, seen) > 0)
        {
        }
        return seen;
    }

    private int Read(ref ulong cookie, int entriesMax, HashSet<string> seen)
    {
        Assert.Equal(
            Errno.OK, arena.Tree.ReadDirectory(arena.Worker, arena.Tree.Root, cookie, out DirectoryReader reader));
        int count = 0;
        for (; count < entriesMax && reader.MoveNext(); count++)
        {
            Assert.True(seen.Add(Encoding.ASCII.GetString(reader.Name)));
            cookie = reader.Cookie;
        }
        reader.Dispose();
        return count;
    }

    private static FileName Name(string text)
    {
        Assert.Equal(Errno.OK, FileName.TryCreate(Encoding.ASCII.GetBytes(text), out FileName name));
        return name;
    }
}
