using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Volumes;

/// <summary>Lists a directory, entry by entry: ".", "..", then names in the order of their keys.</summary>
/// <remarks>Holds the directory's shared lock until Dispose. Nothing is allocated.</remarks>
public ref struct DirectoryReader
{
    private const ulong CookieOfSelf = 1;
    private const ulong CookieOfParent = 2;

    private readonly Tree? tree;
    private readonly Worker worker;
    private readonly InodeGuard guard;
    private readonly InodeNumber directory;
    private ulong reached;
    private DirectoryPath path;
    private int count;
    private int index;

    internal DirectoryReader(Tree tree, Worker worker, InodeGuard guard, InodeNumber directory, ulong cookie)
    {
        this.tree = tree;
        this.worker = worker;
        this.guard = guard;
        this.directory = directory;
        Cookie = cookie;
        reached = cookie;
        worker.ListedInodeCount = 0;
    }

    /// <summary>The entry's cookie: reading goes on behind it.</summary>
    public ulong Cookie { get; private set; }

    public InodeNumber Inode { get; private set; }

    /// <summary>d_type of readdir(3).</summary>
    public byte EntryType { get; private set; }

    /// <summary>The entry's name; good until the next call.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>Whether the entry is "." or "..", for which no lookup is counted.</summary>
    public readonly bool IsDot => Cookie is CookieOfSelf or CookieOfParent;

    /// <summary>Goes to the next entry.</summary>
    public bool MoveNext()
    {
        if (tree is null) return false;
        if (Cookie < CookieOfParent)
        {
            bool isSelf = Cookie < CookieOfSelf;
            Set(isSelf ? CookieOfSelf : CookieOfParent, isSelf ? directory : tree.ParentOf(directory), 4,
                isSelf ? "."u8 : ".."u8);
            reached = Cookie;
            return true;
        }
        if (index == count && !Fill()) return false;
        DirectoryLeaf leaf = tree.Names.LeafAt(directory, in path);
        int position = worker.ListPositions[index];
        ref readonly DirectoryEntryHeader entry = ref leaf.EntryAt(position);
        Set(worker.ListKeys[index], entry.Inode, entry.EntryType, leaf.NameAt(position));
        index++;
        return true;
    }

    /// <summary>Whether as many entries have been named with their inodes as one reply may name.</summary>
    public readonly bool IsFull => worker.ListedInodeCount == ListingRecord.InodeCountMax;

    /// <summary>
    /// What stat(2) shows of the present entry, to be named with its inode: its lookup is counted by
    /// <see cref="Tree.TryCountListing"/>. Not when <see cref="IsFull"/>.
    /// </summary>
    public readonly InodeAttributes NameInode()
    {
        worker.ListedInodes[worker.ListedInodeCount++] = Inode.Value;
        return tree!.AttributesOf(Inode);
    }

    public readonly void Dispose()
    {
        if (tree is not null) guard.Dispose();
    }

    private bool Fill()
    {
        index = 0;
        count = tree!.Names.Collect(
            directory, in tree.Inodes.At(directory), ref reached, worker.ListKeys, worker.ListPositions, out path);
        return count > 0;
    }

    private void Set(ulong cookie, InodeNumber inode, byte entryType, ReadOnlySpan<byte> name)
    {
        Cookie = cookie;
        Inode = inode;
        EntryType = entryType;
        Name = name;
    }
}
