using System.Globalization;

namespace PersistFs.Server.Settings;

/// <summary>tmpfs's mpol= (tmpfs(5)): the NUMA nodes that the arena's memory comes from.</summary>
/// <param name="Mode">MPOL_* of linux/mempolicy.h with its flags.</param>
/// <param name="Nodes">Bit n of word n / 64 stands for node n.</param>
public sealed record MemoryPolicy(int Mode, ulong[] Nodes)
{
    /// <summary>Nodes the kernel can number (CONFIG_NODES_SHIFT is at most 10).</summary>
    private const int NodeCountMax = 1024;

    private const int StaticNodes = 1 << 15;
    private const int RelativeNodes = 1 << 14;

    /// <summary>Reads mode[=static|=relative][:nodes], nodes being numbers and ranges with commas between.</summary>
    public static bool TryParse(string text, out MemoryPolicy? policy)
    {
        policy = null;
        string[] halves = text.Split(':', 2);
        string[] words = halves[0].Split('=', 2);
        int flags = words.Length == 1 ? 0 : words[1] switch
        {
            "static" => StaticNodes,
            "relative" => RelativeNodes,
            _ => -1,
        };
        (int mode, bool takesNodes, bool needsNodes) = words[0] switch
        {
            "default" => (0, false, false),
            "prefer" => (1, true, true),
            "bind" => (2, true, true),
            "interleave" => (3, true, true),
            "local" => (4, false, false),
            _ => (-1, false, false),
        };
        bool hasNodes = halves.Length == 2;
        if (mode < 0 || flags < 0 || (hasNodes && !takesNodes) || (!hasNodes && needsNodes)) return false;
        ulong[] nodes = [];
        if (hasNodes && !TryParseNodes(halves[1], out nodes)) return false;
        policy = new MemoryPolicy(mode | flags, nodes);
        return true;
    }

    private static bool TryParseNodes(string text, out ulong[] nodes)
    {
        nodes = new ulong[NodeCountMax / 64];
        foreach (string range in text.Split(','))
        {
            string[] ends = range.Split('-', 2);
            if (!TryParseNode(ends[0], out int first) || !TryParseNode(ends[^1], out int last) || first > last)
            {
                return false;
            }
            for (int node = first; node <= last; node++) nodes[node / 64] |= 1UL << (node % 64);
        }
        return true;
    }

    private static bool TryParseNode(string text, out int node) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out node) && node < NodeCountMax;
}
