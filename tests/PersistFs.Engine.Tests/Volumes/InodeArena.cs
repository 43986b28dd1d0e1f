using System.Text;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Tests.Volumes;

/// <summary>An arena with files of all types; Dispose removes them and insists that all space came back.</summary>
internal sealed class InodeArena : IDisposable
{
    private readonly TestArena arena = new();
    private readonly List<(InodeNumber Parent, string Name, InodeNumber Inode)> made = [];
    private readonly long freeBlocksAtStart;

    public InodeArena() => freeBlocksAtStart = FreeBlocks;

    public Volume Volume => arena.Volume;

    public Tree Tree => Volume.DefaultTree;

    public Worker Worker => arena.Worker;

    public long FreeBlocks => Volume.Space.FreeBlocks;

    public AttributeList Attributes => new(Volume.Space);

    public InodeNumber MakeFile() => Make(ModeBits.Regular | 0x1A4);

    public InodeNumber MakeDirectory() => Make(ModeBits.Directory | 0x1ED);

    public InodeNumber Make(uint mode, uint user = 0, uint group = 0) =>
        MakeIn(Tree.Root, new NewNode { Mode = mode, UserId = user, GroupId = group });

    public InodeNumber MakeIn(InodeNumber parent, uint mode, uint umask) =>
        MakeIn(parent, new NewNode { Mode = mode, Umask = umask, UserId = 0, GroupId = 0 });

    public ref readonly InodeRecord Record(InodeNumber inode) => ref Volume.Space.Arena.At<InodeRecord>(inode.Record);

    public InodeAttributes Stat(InodeNumber inode)
    {
        Assert.Equal(Errno.OK, Tree.GetAttributes(Worker, inode, out InodeAttributes attributes));
        return attributes;
    }

    public Errno Set(InodeNumber inode, string name, ReadOnlySpan<byte> value, XattrSetFlags flags = default) =>
        Tree.SetXattr(Worker, inode, Bytes(name), value, flags);

    public byte[] Get(InodeNumber inode, string name)
    {
        Assert.Equal(Errno.OK, Tree.GetXattr(Worker, inode, Bytes(name), default, out int length));
        byte[] value = new byte[length];
        Assert.Equal(Errno.OK, Tree.GetXattr(Worker, inode, Bytes(name), value, out int again));
        Assert.Equal(length, again);
        return value;
    }

    public Errno TryGet(InodeNumber inode, string name) => Tree.GetXattr(Worker, inode, Bytes(name), default, out _);

    public Errno Remove(InodeNumber inode, string name) => Tree.RemoveXattr(Worker, inode, Bytes(name));

    public string[] List(InodeNumber inode, uint userId = 0)
    {
        var caller = new Credentials(userId, userId, 1);
        Assert.Equal(Errno.OK, Tree.ListXattr(Worker, inode, in caller, default, out int length));
        byte[] names = new byte[length];
        Assert.Equal(Errno.OK, Tree.ListXattr(Worker, inode, in caller, names, out _));
        return Encoding.UTF8.GetString(names).Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }

    public Errno Change(InodeNumber inode, AttributeChange change, Credentials caller = default) =>
        Tree.SetAttributes(Worker, inode, in change, in caller, out _);

    public void Reopen() => arena.Reopen();

    /// <summary>Frees all attributes of an inode, in as many transactions as it takes.</summary>
    public int FreeAttributes(InodeNumber inode)
    {
        int steps = 0;
        for (bool isDone = false; !isDone; steps++)
        {
            using Transaction transaction = Worker.Begin();
            isDone = Attributes.FreeSome(transaction, inode, in Record(inode));
            transaction.Commit();
        }
        return steps;
    }

    public void Dispose()
    {
        using (arena)
        {
            arena.RequireClean();
            made.Reverse();
            foreach ((InodeNumber parent, string name, InodeNumber inode) in made) Unmake(parent, name, inode);
            Assert.Equal(freeBlocksAtStart, FreeBlocks);
        }
    }

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Bytes that differ from block to block.</summary>
    public static byte[] Pattern(int length, int seed)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private InodeNumber MakeIn(InodeNumber parent, NewNode node)
    {
        string name = $"file{made.Count}";
        Assert.Equal(Errno.OK, FileName.TryCreate(Bytes(name), out FileName fileName));
        byte[] target = ModeBits.IsSymbolicLink(node.Mode) ? [(byte)'t'] : [];
        Errno error = Tree.Create(Worker, parent, fileName, in node, target, out InodeAttributes attributes);
        Assert.Equal(Errno.OK, error);
        Tree.Forget(Worker, attributes.Inode, 1);
        made.Add((parent, name, attributes.Inode));
        return attributes.Inode;
    }

    private void Unmake(InodeNumber parent, string name, InodeNumber inode)
    {
        Assert.Equal(Errno.OK, FileName.TryCreate(Bytes(name), out FileName fileName));
        uint mode = Stat(inode).Mode;
        if (ModeBits.IsRegular(mode) || ModeBits.IsDirectory(mode))
            Assert.Equal(Errno.OK, Tree.SetFlags(Worker, inode, 0));
        Errno error = ModeBits.IsDirectory(mode)
            ? Tree.RemoveDirectory(Worker, parent, fileName)
            : Tree.Unlink(Worker, parent, fileName);
        Assert.Equal(Errno.OK, error);
    }
}
