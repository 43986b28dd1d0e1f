using System.Numerics;

namespace PersistFs.Engine.Structures;

/// <summary>How many levels a file's map has and how large its root node is (FORMAT.md, section 8).</summary>
/// <param name="Height">Levels of nodes, 0 to 6.</param>
/// <param name="RootLog2">log2 of the entries in the root node: 9, at height 1 also 3 or 6; 0 at height 0.</param>
internal readonly record struct MapShape(int Height, int RootLog2)
{
    public const int HeightMax = 6;
    public const int FanoutLog2 = 9;
    public const int SmallRootLog2 = 3;
    public const int MediumRootLog2 = 6;

    /// <summary>Blocks from the file's first one on that have a place in the map; behind them is a hole.</summary>
    public ulong Coverage => Height == 0 ? 1 : 1UL << RootLog2 + (Height - 1) * FanoutLog2;

    public bool IsValid => Height switch
    {
        0 => RootLog2 == 0,
        1 => RootLog2 is SmallRootLog2 or MediumRootLog2 or FanoutLog2,
        _ => Height <= HeightMax && RootLog2 == FanoutLog2,
    };

    /// <summary>log2 of the entries in a node of <paramref name="level"/>, 1 to <see cref="Height"/>.</summary>
    public int NodeLog2(int level) => level == Height ? RootLog2 : FanoutLog2;

    /// <summary>The smallest map with a place for <paramref name="block"/>.</summary>
    public static MapShape Covering(ulong block) => block switch
    {
        0 => default,
        < 1 << SmallRootLog2 => new MapShape(1, SmallRootLog2),
        < 1 << MediumRootLog2 => new MapShape(1, MediumRootLog2),
        _ => new MapShape((BitOperations.Log2(block) + FanoutLog2) / FanoutLog2, FanoutLog2),
    };

    /// <summary>The next larger map on the way to one that covers <paramref name="block"/>.</summary>
    public MapShape RaisedTowards(ulong block)
    {
        if (Height > 0 && RootLog2 == FanoutLog2) return new MapShape(Height + 1, FanoutLog2);
        MapShape wanted = Covering(block);
        return wanted.Height == 1 ? wanted : new MapShape(1, FanoutLog2);
    }

    /// <summary>log2 of the blocks that one entry of a node of <paramref name="level"/> covers.</summary>
    public static int EntryCoverageLog2(int level) => (level - 1) * FanoutLog2;
}
