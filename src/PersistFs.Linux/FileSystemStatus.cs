namespace PersistFs.Linux;

/// <summary>What statfs(2) says of a file system.</summary>
/// <param name="Type">Its magic number (linux/magic.h).</param>
/// <param name="BlockSize">Bytes in a block.</param>
/// <param name="BlockCount">Blocks in all.</param>
/// <param name="BlocksAvailable">Blocks that an ordinary user may still take.</param>
public readonly record struct FileSystemStatus(ulong Type, ulong BlockSize, ulong BlockCount, ulong BlocksAvailable);
