namespace PersistFs.EndToEnd.Testing;

/// <summary>One record of getdents64(2).</summary>
/// <param name="Inode">Inode number.</param>
/// <param name="Cookie">Position of the entry after this one, for lseek(2).</param>
/// <param name="Type">DT_ constant.</param>
/// <param name="Name">The name, one character a byte.</param>
public readonly record struct DirectoryEntry(ulong Inode, long Cookie, byte Type, string Name);
