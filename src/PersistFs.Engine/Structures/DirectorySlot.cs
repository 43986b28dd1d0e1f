using PersistFs.Engine.Format;

namespace PersistFs.Engine.Structures;

/// <summary>Where a name was found. Good until the directory changes.</summary>
/// <param name="Leaf">The leaf that holds it.</param>
/// <param name="Index">Index of its slot.</param>
/// <param name="Position">Position of its entry in the leaf.</param>
/// <param name="Key">Its key.</param>
/// <param name="Inode">The inode it leads to.</param>
/// <param name="EntryType">d_type of that inode.</param>
internal readonly record struct DirectorySlot(
    ArenaPointer Leaf, int Index, int Position, DirectoryKey Key, InodeNumber Inode, byte EntryType);
