using System.Globalization;

namespace PersistFs.Server.Descriptors;

/// <summary>The names under which descriptors are given into keeping.</summary>
internal static class DescriptorName
{
    /// <summary>/dev/fuse.</summary>
    public const string Connection = "fuse";

    /// <summary>No segment has this index or a higher one.</summary>
    public const int IndexEnd = 64;

    private const string ArenaPrefix = "arena-";
    private const string LivePrefix = "live-";

    /// <summary>A segment of an arena in memory.</summary>
    public static string Arena(int index) => Indexed(ArenaPrefix, index);

    /// <summary>The session of the live update that preserves a segment.</summary>
    public static string Live(int index) => Indexed(LivePrefix, index);

    /// <summary>Whether what has this name is, or holds, a segment of an arena.</summary>
    public static bool IsArena(string name) => TryParseArena(name, out _) || TryParse(LivePrefix, name, out _);

    /// <summary>The index of a segment.</summary>
    public static bool TryParseArena(string name, out int index) => TryParse(ArenaPrefix, name, out index);

    private static bool TryParse(string prefix, string name, out int index)
    {
        index = 0;
        return name.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(name[prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out index);
    }

    private static string Indexed(string prefix, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}{index}");
}
