namespace PersistFs.EndToEnd.Tests.Restart;

/// <summary>What a storm expects of one file.</summary>
internal sealed class KillStressNode
{
    /// <summary>Type and permission bits.</summary>
    public FilePermissions Mode { get; set; }

    public uint Owner { get; set; }

    /// <summary>A regular file's bytes; a symlink's target.</summary>
    public byte[] Content { get; set; } = [];

    public SortedDictionary<string, byte[]> Attributes { get; } = new(StringComparer.Ordinal);

    public FilePermissions Type => Mode & FilePermissions.S_IFMT;

    public bool IsDirectory => Type == FilePermissions.S_IFDIR;

    public bool IsRegular => Type == FilePermissions.S_IFREG;
}
