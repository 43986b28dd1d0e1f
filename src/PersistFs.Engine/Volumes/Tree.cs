using System.Runtime.CompilerServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>
/// One named tree in an arena: its root, limits, session, names and files. Operations are in the other parts, one
/// family each.
/// </summary>
/// <remarks>
/// Operations may be called from many threads, each with a worker of its own. They return an errno for what a caller
/// can cause, and throw <see cref="ArenaCorruptException"/> where the arena is damaged.
/// Sessions are numbered across the arena, so a session number tells whose reference, record or request it is.
/// </remarks>
public sealed partial class Tree
{
    private readonly Volume volume;
    private readonly Space space;
    private readonly InodeLocks locks;
    private readonly InodeTable inodes;
    private readonly PendingLists pending;
    private readonly DirectoryMap names;
    private readonly AttributeList attributes;

    internal Tree(Volume volume, int slot)
    {
        this.volume = volume;
        Slot = slot;
        space = volume.Space;
        locks = volume.Locks;
        inodes = volume.Inodes;
        pending = volume.Pending;
        names = volume.Names;
        attributes = volume.Attributes;
    }

    /// <summary>The arena that the tree lies in.</summary>
    public Volume Volume => volume;

    /// <summary>Slot of the tree in the instance table, 0 to 63; each of its inodes carries the number.</summary>
    public int Slot { get; }

    /// <summary>The root directory.</summary>
    public InodeNumber Root => new(Instance.RootInode);

    private ref readonly InstanceRecord Instance => ref InstanceTable.At(space.Arena, Slot);

    /// <exception cref="ArenaCorruptException">The tree has no root directory.</exception>
    internal void RequireRoot()
    {
        if (!inodes.Exists(Root) || !ModeBits.IsDirectory(inodes.At(Root).Mode))
            throw new ArenaCorruptException("The root directory does not exist.");
    }

    /// <summary>Limits the number of inodes.</summary>
    /// <param name="most">Inodes at most, orphans included.</param>
    internal void LimitInodes(ulong most) => Store.Word(ref Unsafe.AsRef(in Instance.InodeCountMax), most);

    /// <summary>EROFS once damage was found, ESTALE for a number that names no inode.</summary>
    private Errno RequireChangeable(InodeNumber inode) =>
        volume.State == VolumeState.ReadOnly ? Errno.EROFS : inodes.Exists(inode) ? Errno.OK : Errno.ESTALE;
}
