using PersistFs.Engine.Format;

namespace PersistFs.Engine.Volumes;

/// <summary>A byte of a file.</summary>
/// <param name="Inode">The file.</param>
/// <param name="Offset">Position of the byte, counted from 0.</param>
public readonly record struct FilePosition(InodeNumber Inode, ulong Offset)
{
    /// <summary>The position <paramref name="length"/> bytes further on.</summary>
    internal FilePosition Plus(ulong length) => this with { Offset = Offset + length };
}
