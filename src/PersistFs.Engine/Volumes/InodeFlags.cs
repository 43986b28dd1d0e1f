namespace PersistFs.Engine.Volumes;

/// <summary>Flags of an inode, as FS_IOC_GETFLAGS has them (linux/fs.h, ioctl_iflags(2)).</summary>
public static class InodeFlags
{
    /// <summary>Nothing of the file may be changed.</summary>
    public const uint Immutable = 0x10;

    /// <summary>Contents may only be added; names in a directory only made.</summary>
    public const uint AppendOnly = 0x20;
    public const uint NoDump = 0x40;
    public const uint NoAccessTime = 0x80;

    /// <summary>The flags that can be changed, as on tmpfs.</summary>
    public const uint Settable = Immutable | AppendOnly | NoDump | NoAccessTime;

    /// <summary>What keeps a file's names and links as they are.</summary>
    public const uint Fixed = Immutable | AppendOnly;

    /// <summary>The flags that a new inode takes from the directory it is made in.</summary>
    public const uint Inherited = NoDump | NoAccessTime;

    private const uint ExtendedImmutable = 0x8;
    private const uint ExtendedAppend = 0x10;
    private const uint ExtendedNoAccessTime = 0x40;
    private const uint ExtendedNoDump = 0x80;
    private const uint ExtendedSettable = ExtendedImmutable | ExtendedAppend | ExtendedNoAccessTime | ExtendedNoDump;

    /// <summary>The same flags as fsx_xflags of FS_IOC_FSGETXATTR has them.</summary>
    public static uint ToExtended(uint flags) =>
        ((flags & Immutable) != 0 ? ExtendedImmutable : 0)
        | ((flags & AppendOnly) != 0 ? ExtendedAppend : 0)
        | ((flags & NoDump) != 0 ? ExtendedNoDump : 0)
        | ((flags & NoAccessTime) != 0 ? ExtendedNoAccessTime : 0);

    /// <summary>From fsx_xflags of FS_IOC_FSSETXATTR.</summary>
    /// <returns>False if a flag is set that <see cref="Settable"/> does not have.</returns>
    public static bool TryFromExtended(uint extended, out uint flags)
    {
        flags = ((extended & ExtendedImmutable) != 0 ? Immutable : 0)
            | ((extended & ExtendedAppend) != 0 ? AppendOnly : 0)
            | ((extended & ExtendedNoDump) != 0 ? NoDump : 0)
            | ((extended & ExtendedNoAccessTime) != 0 ? NoAccessTime : 0);
        return (extended & ~ExtendedSettable) == 0;
    }
}
