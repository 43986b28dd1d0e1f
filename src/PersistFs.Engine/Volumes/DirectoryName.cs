using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>A name in a directory, which need not exist.</summary>
/// <param name="directory">The directory.</param>
/// <param name="name">The name.</param>
public readonly ref struct DirectoryName(InodeNumber directory, FileName name)
{
    public InodeNumber Directory { get; } = directory;

    public FileName Name { get; } = name;
}
