using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PersistFs.EndToEnd.Tests.Restart;

/// <summary>The tree that a storm's completed calls have made, and the next call to make.</summary>
internal sealed partial class KillStressModel(int seed)
{
    private const int FoldersCount = 6, NamesCount = 12, SizeMax = 200_000;

    private readonly Random random = new(seed);
    private readonly SortedDictionary<string, KillStressNode> nodes = new(StringComparer.Ordinal);

    /// <summary>The expected tree, one line a name.</summary>
    /// <param name="torn">A file whose contents and size are not told.</param>
    public List<string> Describe(KillStressNode? torn) =>
        [.. nodes.Select(pair => Line(pair.Key, pair.Value, LinkCount(pair.Key, pair.Value), pair.Value == torn))];

    /// <summary>The tree as it is, in the same words as <see cref="Describe"/>.</summary>
    /// <param name="root">The storm's directory.</param>
    /// <param name="torn">The file whose contents are not told.</param>
    public List<string> DescribeActual(string root, KillStressNode? torn)
    {
        List<string> lines = [];
        HashSet<string> tornPaths = [.. nodes.Where(pair => pair.Value == torn).Select(pair => pair.Key)];
        Collect("");
        return [.. lines.Order(StringComparer.Ordinal)];

        void Collect(string folder)
        {
            foreach (string path in Directory.GetFileSystemEntries(root + folder).Select(path => path[root.Length..]))
            {
                KillStressNode node = Actual(root + path, out ulong links);
                lines.Add(Line(path, node, links, tornPaths.Contains(path)));
                if (node.IsDirectory) Collect(path);
            }
        }
    }

    /// <summary>One of the names of a file.</summary>
    public string PathOf(KillStressNode node) => nodes.First(pair => pair.Value == node).Key;

    private static KillStressNode Actual(string path, out ulong links)
    {
        Succeeds(Syscall.lstat(path, out Stat status));
        links = status.st_nlink;
        KillStressNode node = new() { Mode = status.st_mode, Owner = status.st_uid };
        if (node.Type == FilePermissions.S_IFLNK)
        {
            byte[] target = new byte[5000];
            node.Content = target[..(int)Succeeds(Syscall.readlink(path, target))];
            return node;
        }

        if (node.IsRegular) node.Content = File.ReadAllBytes(path);
        byte[] buffer = new byte[65536];
        int length = (int)Succeeds(Kernel.ListAttributes(path, buffer, (nuint)buffer.Length));
        foreach (string name in Encoding.ASCII.GetString(buffer, 0, length).Split('\0'))
        {
            if (!name.StartsWith("user.", StringComparison.Ordinal)) continue;
            byte[] value = new byte[65536];
            node.Attributes[name] = value[..(int)Succeeds(Syscall.getxattr(path, name, value))];
        }

        return node;
    }

    private ulong LinkCount(string path, KillStressNode node) => node.IsDirectory
        ? 2 + (ulong)nodes.Count(other => other.Value.IsDirectory && ParentOf(other.Key) == path)
        : (ulong)nodes.Values.Count(other => other == node);

    private static string Line(string path, KillStressNode node, ulong links, bool isTorn)
    {
        string content = isTorn
            ? "torn"
            : $"{node.Content.Length} {Convert.ToHexString(SHA256.HashData(node.Content), 0, 8)}";
        string attributes = string.Join(',', node.Attributes.Select(pair =>
            $"{pair.Key}={Convert.ToHexString(SHA256.HashData(pair.Value), 0, 8)}"));
        return string.Create(CultureInfo.InvariantCulture,
            $"{path} {(int)node.Mode:x} links {links} owner {node.Owner} {content} {attributes}");
    }

    private static string ParentOf(string path) => path[..path.LastIndexOf('/')];
}
