using System.Globalization;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Dump;

/// <summary>Lines of a dump, and how values are written in them.</summary>
internal sealed class DumpText
{
    private readonly TextWriter output;

    /// <param name="output">Where the lines go.</param>
    /// <param name="itemsMax">Items of one list at most.</param>
    public DumpText(TextWriter output, int itemsMax)
    {
        this.output = output;
        ItemsMax = itemsMax;
    }

    public int ItemsMax { get; }

    public void Line(string text) => output.WriteLine(text);

    /// <summary>A line that belongs to the one above.</summary>
    public void Item(string text) => output.WriteLine("  " + text);

    /// <summary>A line that belongs to the item above.</summary>
    public void Detail(string text) => output.WriteLine("    " + text);

    /// <summary>Nanoseconds since 1970 as date and time.</summary>
    public static string Time(long nanoseconds) =>
        DateTime.UnixEpoch.AddTicks(nanoseconds / 100).ToString(
            "yyyy-MM-dd HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A UUID or boot id in its usual form.</summary>
    public static string Uuid(UInt128 value)
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Runtime.InteropServices.MemoryMarshal.Write(bytes, value);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    /// <summary>Numbers in order as runs: "2, 5-9".</summary>
    public static string Runs(IReadOnlyList<(uint First, uint Last)> runs, int runsMax)
    {
        IEnumerable<string> shown = runs.Take(runsMax).Select(run =>
            run.First == run.Last ? $"{run.First}" : $"{run.First}-{run.Last}");
        string more = runs.Count > runsMax ? $" and {runs.Count - runsMax} more runs" : "";
        return string.Join(", ", shown) + more;
    }

    /// <summary>What a block type is called; slabs by the size of their objects.</summary>
    public static string Type(BlockType type) => type switch
    {
        BlockType.InodeSlab => "inodes",
        >= BlockType.FirstSlab and <= BlockType.LastSlab => $"objects of {SizeClass.ObjectSize(type)} bytes",
        BlockType.Data => "data",
        BlockType.MapNode => "map nodes",
        BlockType.DirectoryNode => "directory nodes",
        BlockType.DirectoryLeaf => "directory leaves",
        BlockType.AttributeValue => "attribute values",
        BlockType.DataFrame => "data frame",
        _ => $"unknown type {(int)type}",
    };
}
