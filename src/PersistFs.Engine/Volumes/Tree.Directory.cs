using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Directories read.</summary>
public sealed partial class Tree
{
    /// <summary>
    /// Begins to list a directory behind a cookie; 0 for the beginning. The directory is locked until the reader is
    /// disposed of.
    /// </summary>
    public Errno ReadDirectory(Worker worker, InodeNumber directory, ulong cookie, out DirectoryReader reader)
    {
        InodeGuard guard = locks.Share(worker, directory);
        Errno error = OpenDirectory(directory);
        if (error != Errno.OK)
        {
            guard.Dispose();
            reader = default;
            return error;
        }
        reader = new DirectoryReader(this, worker, guard, directory, cookie);
        return Errno.OK;
    }

    /// <summary>The inode that ".." of a directory leads to; only while its reader is open.</summary>
    internal InodeNumber ParentOf(InodeNumber directory) => new(inodes.At(directory).Parent);

    internal DirectoryMap Names => names;

    internal InodeTable Inodes => inodes;

    /// <summary>What stat(2) shows of an entry; only while its reader is open.</summary>
    internal InodeAttributes AttributesOf(InodeNumber inode) => new(inode, in inodes.At(inode));
}
