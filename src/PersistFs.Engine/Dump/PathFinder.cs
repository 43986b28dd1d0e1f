using System.Text;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Linux;

namespace PersistFs.Engine.Dump;

/// <summary>From a path to an inode, in an image.</summary>
internal sealed class PathFinder
{
    private readonly FrameTableReader table;
    private readonly ArenaDirectoryReader directories;
    private readonly ulong seedLow;
    private readonly ulong seedHigh;

    public PathFinder(ArenaReader image, FrameTableReader table, ulong seedLow, ulong seedHigh)
    {
        this.table = table;
        this.seedLow = seedLow;
        this.seedHigh = seedHigh;
        directories = new ArenaDirectoryReader(image, table);
    }

    /// <summary>Follows names from the root down; neither ".." nor symbolic links are followed.</summary>
    /// <param name="root">The inode the path begins at.</param>
    /// <param name="path">Names with slashes between.</param>
    /// <param name="inode">What it leads to.</param>
    /// <param name="missing">If it leads nowhere, the part of the path that does not exist, and why.</param>
    public bool TryFind(InodeNumber root, string path, out InodeNumber inode, out string missing)
    {
        inode = root;
        string walked = "";
        missing = "";
        foreach (string name in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            walked += "/" + name;
            missing = walked;
            try
            {
                if (!table.TryReadInode(inode, out InodeRecord record) || !ModeBits.IsDirectory(record.Mode))
                {
                    return false;
                }
                if (!TryFind(inode, in record, Encoding.UTF8.GetBytes(name), out inode)) return false;
            }
            catch (ArenaCorruptException exception)
            {
                missing = $"{walked} that can be found: {exception.Message}";
                return false;
            }
        }
        return true;
    }

    private bool TryFind(InodeNumber directory, in InodeRecord record, ReadOnlySpan<byte> name, out InodeNumber inode)
    {
        inode = default;
        DirectoryKey key = DirectoryKey.OfName(seedLow, seedHigh, name);
        var pointer = new DirectoryPointer(record.Contents);
        int depth = 0;
        for (; pointer.IsNode && depth < DirectoryKey.NodeDepthMax; depth++)
            pointer = directories.PointerIn(directory, pointer.Target, depth, key.PrefixAt(depth), key.IndexAt(depth));
        if (!pointer.IsLeaf) return false;
        DirectoryLeaf leaf = directories.LeafAt(directory, pointer.Target, depth);
        int slot = leaf.FindSlot(key, name);
        if (slot < 0) return false;
        inode = leaf.EntryAt(new LeafSlot(leaf.Slots[slot]).Position).Inode;
        return true;
    }
}
