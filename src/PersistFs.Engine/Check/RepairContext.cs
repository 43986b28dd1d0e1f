using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;

namespace PersistFs.Engine.Check;

/// <summary>What repairs work with. Nobody else uses the volume meanwhile, so no lock is taken.</summary>
internal sealed class RepairContext
{
    private readonly HashSet<(string Work, ulong Object)> done = [];
    private readonly Dictionary<InodeNumber, uint> namesRemoved = [];

    public RepairContext(Space space, Worker worker, in Superblock superblock, InodeNumber root)
    {
        Space = space;
        Worker = worker;
        Superblock = superblock;
        Root = root;
        Inodes = new InodeTable(space);
        Pending = new PendingLists(space, Inodes);
        Names = new DirectoryMap(space, superblock.HashSeedLow, superblock.HashSeedHigh);
    }

    public Space Space { get; }

    public Worker Worker { get; }

    public Superblock Superblock { get; }

    /// <summary>The root directory of the first instance.</summary>
    public InodeNumber Root { get; }

    public InodeTable Inodes { get; }

    public PendingLists Pending { get; }

    public DirectoryMap Names { get; }

    public Arena Arena => Space.Arena;

    /// <summary>What the check has found out from which the present repairs come.</summary>
    public CheckContext Check { get; private set; } = null!;

    /// <summary>Directories that could not be written anew; they are not tried again.</summary>
    public HashSet<InodeNumber> GivenUp { get; } = [];

    /// <summary>The repairs of another check begin.</summary>
    public void Begin(CheckContext check)
    {
        Check = check;
        done.Clear();
        namesRemoved.Clear();
    }

    /// <summary>Whether a piece of work that several findings ask for is asked for the first time.</summary>
    public bool IsFirst(string work, ulong target = 0) => done.Add((work, target));

    /// <summary>Names of an inode that the check has counted, less those that repairs have removed since.</summary>
    public uint NamesLeft(InodeNumber inode) => Check.Tally.NamesOf(inode) - namesRemoved.GetValueOrDefault(inode);

    public void NoteNameRemoved(InodeNumber inode) =>
        namesRemoved[inode] = namesRemoved.GetValueOrDefault(inode) + 1;

    public bool IsRoot(InodeNumber inode) => (Check.Tally.MarksOf(inode) & InodeReferences.Marks.Root) != 0;
}
