using PersistFs.Engine.Format;

namespace PersistFs.Engine.Volumes;

/// <summary>A file by its number, and by its generation among all that ever had the number.</summary>
public readonly record struct FileReference(InodeNumber Inode, uint Generation);
