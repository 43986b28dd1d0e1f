using System.Text;
using PersistFs.Engine.Format;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Linux;

namespace PersistFs.Engine.Testing.Model;

/// <summary>A tree as one line for each path, the same for a volume and for the model.</summary>
internal static class TreeText
{
    public static SortedDictionary<string, string> Of(ReferenceNode root)
    {
        var lines = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Add(lines, "", root);
        return lines;
    }

    /// <param name="tree">The whole tree.</param>
    /// <param name="path">Where the part begins that is described, as if it were a root.</param>
    public static SortedDictionary<string, string> Of(TreeImage tree, string path)
    {
        var lines = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, FileImage file) in tree.Below(path).Files)
        {
            InodeRecord record = file.Record;
            lines[name[path.Length..]] = Line(
                record.Mode, record.LinkCount, record.UserId, record.GroupId, record.Size, (uint)record.Contents,
                file.Attributes.Select(attribute => (attribute.Key, attribute.Value)), file.Blocks);
        }
        return lines;
    }

    /// <summary>The first difference, for people; null if there is none.</summary>
    public static string? FindDifference(
        SortedDictionary<string, string> expected, SortedDictionary<string, string> actual)
    {
        foreach (string path in expected.Keys.Union(actual.Keys))
        {
            string inModel = expected.GetValueOrDefault(path, "nothing");
            string inVolume = actual.GetValueOrDefault(path, "nothing");
            if (inModel != inVolume) return $"\"{path}\" is\n{inVolume}, and should be\n{inModel}";
        }
        return null;
    }

    private static void Add(SortedDictionary<string, string> lines, string path, ReferenceNode node)
    {
        lines[path] = Line(
            node.Mode, node.LinkCount, node.UserId, node.GroupId, node.Size, node.Device,
            node.Xattrs.Select(attribute => (attribute.Key, Encoding.Latin1.GetString(attribute.Value))), node.Blocks);
        foreach ((string name, ReferenceNode child) in node.Children) Add(lines, $"{path}/{name}", child);
    }

    private static string Line(
        uint mode, uint links, uint user, uint group, ulong size, uint device,
        IEnumerable<(string Name, string Value)> xattrs,
        SortedDictionary<ulong, byte[]> blocks)
    {
        string attributes = string.Join(',', xattrs.Select(attribute => $"{attribute.Name}={Hash(attribute.Value)}"));
        bool hasDevice = (mode & ModeBits.TypeMask) is ModeBits.CharacterDevice or ModeBits.BlockDevice;
        return $"0{Convert.ToString(mode, 8)} {links} {user}:{group} {size} {(hasDevice ? device : 0)} "
            + $"[{attributes}] {Hash(blocks)}";
    }

    private static string Hash(string value) =>
        $"{value.Length}:{SipHash.Compute(1, 2, Encoding.Latin1.GetBytes(value)):x}";

    private static string Hash(SortedDictionary<ulong, byte[]> blocks)
    {
        ulong hash = 0;
        foreach ((ulong position, byte[] bytes) in blocks)
        {
            if (bytes.AsSpan().ContainsAnyExcept((byte)0))
                hash = SipHash.Compute(hash, position, bytes);
        }
        return $"{hash:x}";
    }
}
