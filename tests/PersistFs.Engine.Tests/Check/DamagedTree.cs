using PersistFs.Engine.Check;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Testing;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Engine.Testing.Model;
using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Testing;

namespace PersistFs.Engine.Tests.Check;

/// <summary>
/// A tree with files of every kind, twice: those in one directory are to be damaged, all others must survive it.
/// </summary>
internal sealed class DamagedTree : IDisposable
{
    /// <summary>The directory below which damage is done.</summary>
    public const string Victims = "/victims";

    private const int ManyNames = 300;

    private readonly TestArena arena = new() { IsDamaged = true };
    private readonly TreeImage before;

    public DamagedTree()
    {
        var user = new VolumeUser(arena.Volume, arena.Worker);
        Fill(user, Victims);
        Fill(user, "/others");
        before = TreeReader.Read(arena.Volume);
        Assert.Empty(VolumeChecker.Check(arena.Volume).Findings);
    }

    public string Path => arena.Path;

    public Volume Volume => arena.Volume;

    public Tree Tree => Volume.DefaultTree;

    public Space Space => arena.Volume.Space;

    public Worker Worker => arena.Worker;

    /// <summary>Paths before the damage, the root included.</summary>
    public int FileCount => before.Files.Count;

    public void Dispose() => arena.Dispose();

    public void Close() => arena.Volume.Dispose();

    public void Reopen() => arena.Reopen();

    public int CountFiles() => TreeReader.Read(arena.Volume).Files.Count;

    /// <summary>Paths that are not as they were; the root and what is in lost+found are left out.</summary>
    public IReadOnlyList<string> ChangedFiles()
    {
        IReadOnlyDictionary<string, FileImage> now = TreeReader.Read(arena.Volume).Files;
        return [.. before.Files.Keys.Union(now.Keys)
            .Where(path => path.Length > 0 && !path.StartsWith("/lost+found", StringComparison.Ordinal))
            .Where(path => !before.Files.TryGetValue(path, out FileImage? old) || !now.TryGetValue(
                path, out FileImage? file)
                || old.FindDifference(file) is not null || !old.HasContentsOf(file))];
    }

    public byte[] ContentsBefore(string path) => Concatenate(before.Files[path]);

    public byte[] Contents(string path) => Concatenate(TreeReader.Read(arena.Volume).Files[path]);

    public InodeNumber Inode(string path)
    {
        Assert.Equal(Errno.OK, new VolumeUser(arena.Volume, arena.Worker).Find(path, out InodeNumber inode));
        return inode;
    }

    public ref readonly InodeRecord Record(string path) => ref Space.Arena.At<InodeRecord>(Inode(path).Record);

    /// <summary>The map of names, which stores what it is told.</summary>
    public DirectoryMap Names => new(Space, Volume.Superblock.HashSeedLow, Volume.Superblock.HashSeedHigh);

    /// <summary>Takes a name out of a directory; the inode is not told.</summary>
    public void RemoveNameOnly(string directory, string name)
    {
        InodeNumber parent = Inode(directory);
        ref readonly InodeRecord record = ref Space.Arena.At<InodeRecord>(parent.Record);
        Assert.True(
            Names.TryFind(parent, in record, System.Text.Encoding.ASCII.GetBytes(name), out DirectorySlot slot));
        using Transaction transaction = Worker.Begin();
        Names.Remove(transaction, parent, in record, in slot);
        transaction.Commit();
    }

    /// <summary>Adds a name to a directory; the inode is not told.</summary>
    public void AddNameOnly(string directory, string name, InodeNumber inode)
    {
        InodeNumber parent = Inode(directory);
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes(name);
        ref readonly InodeRecord record = ref Space.Arena.At<InodeRecord>(parent.Record);
        Assert.Equal(Errno.OK, Names.PlanAdd(parent, in record, bytes, out DirectoryMap.AddPlan plan));
        byte type = ModeBits.ToDirectoryEntryType(Space.Arena.At<InodeRecord>(inode.Record).Mode);
        using Transaction transaction = Worker.Begin();
        Assert.True(transaction.TryReserve(plan.BlockCost));
        Names.Add(
            transaction, parent, in record, in plan, bytes, DirectoryEntryHeader.TargetOf(inode, bytes.Length, type));
        transaction.Commit();
    }

    /// <summary>Where the entry of a name lies.</summary>
    public DirectorySlot Slot(string directory, string name)
    {
        InodeNumber parent = Inode(directory);
        ref readonly InodeRecord record = ref Space.Arena.At<InodeRecord>(parent.Record);
        Assert.True(
            Names.TryFind(parent, in record, System.Text.Encoding.ASCII.GetBytes(name), out DirectorySlot slot));
        return slot;
    }

    private static void Fill(VolumeUser user, string home)
    {
        byte[] bytes = new byte[9_000_000];
        new SeededRandom(7).Fill(bytes);
        Do(user.CreateDirectory(home));
        foreach (
            (string name, int length) in new[] { (
                "empty",
                0), ("packed", 100), ("second", 120), ("small", 20_000), ("file", 200_000), ("large", 9_000_000) })
        {
            Do(user.CreateFile($"{home}/{name}"));
            if (length > 0) Do(user.Write($"{home}/{name}", 0, bytes.AsSpan(0, length)));
        }
        Do(user.CreateFile($"{home}/sparse"));
        Do(user.Write($"{home}/sparse", 1UL << 40, bytes.AsSpan(0, 100)));
        Do(user.CreateSymbolicLink($"{home}/link", "target"));
        Do(user.Create($"{home}/device", ModeBits.CharacterDevice | 0x1B6, 0x103, []));
        Do(user.Create($"{home}/pipe", ModeBits.Fifo | 0x1B6, 0, []));
        Do(user.CreateFile($"{home}/attributes"));
        foreach (
            (string name, int length) in new[] { (
                "user.one", 30), ("user.two", 40), ("user.large", 10_000), ("user.last", 50) })
            Do(user.SetXattr($"{home}/attributes", name, bytes.AsSpan(0, length)));
        Do(user.CreateDirectory($"{home}/below"));
        Do(user.CreateDirectory($"{home}/below/deep"));
        Do(user.CreateFile($"{home}/below/deep/file"));
        Do(user.Write($"{home}/below/deep/file", 0, bytes.AsSpan(0, 50_000)));
        Do(user.CreateFile($"{home}/linked"));
        Do(user.Link($"{home}/linked", $"{home}/below/linked too"));
        Do(user.CreateDirectory($"{home}/many"));
        for (int index = 0; index < ManyNames; index++) Do(
            user.CreateFile($"{home}/many/a longer name, number {index}"));
    }

    private static byte[] Concatenate(FileImage file) => [.. file.Blocks.Values.SelectMany(block => block)];

    private static void Do(Errno error) => Assert.Equal(Errno.OK, error);
}
