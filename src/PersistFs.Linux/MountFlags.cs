namespace PersistFs.Linux;

/// <summary>Flags of mount(2) (linux/mount.h).</summary>
[Flags]
public enum MountFlags : ulong
{
    None = 0,
    ReadOnly = 0x1,
    NoSetUserId = 0x2,
    NoDevices = 0x4,
    NoExecute = 0x8,
    Synchronous = 0x10,
    Remount = 0x20,
    DirectorySynchronous = 0x80,
    NoSymbolicLinkFollow = 0x100,
    NoAccessTime = 0x400,
    NoDirectoryAccessTime = 0x800,
    Bind = 0x1000,
    Move = 0x2000,
    Recursive = 0x4000,
    Private = 0x40000,
    RelativeAccessTime = 0x200000,
    StrictAccessTime = 0x1000000,
    LazyTime = 0x2000000,
}
