using PersistFs.Engine.Format;

namespace PersistFs.Engine.Volumes;

/// <summary>The tree's numbers, for statfs(2) and for status.</summary>
public sealed partial class Tree
{
    /// <summary>A snapshot; takes no lock that an operation waits for.</summary>
    public TreeStatistics GetStatistics()
    {
        ulong used = (ulong)Math.Max(0, space.CountInodes(Slot));
        ulong most = Instance.InodeCountMax;
        ulong room = (ulong)space.FreeBlocks * (ulong)SizeClass.ObjectsPerSlab(BlockType.InodeSlab);
        ulong free = most == 0 ? room : Math.Min(room, most - Math.Min(used, most));
        return new TreeStatistics
        {
            InodesUsed = used,
            InodesMax = most,
            FileTotal = most == 0 ? used + free : most,
            FileFree = free,
            Session = Session,
            TakeOvers = Instance.TakeOvers,
        };
    }
}
