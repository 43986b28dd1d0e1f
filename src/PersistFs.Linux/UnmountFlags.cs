namespace PersistFs.Linux;

/// <summary>Flags of umount2(2) (linux/fs.h).</summary>
[Flags]
public enum UnmountFlags
{
    None = 0,
    Force = 0x1,

    /// <summary>MNT_DETACH: out of the tree now, ended when the last user is gone.</summary>
    Detach = 0x2,

    /// <summary>MNT_EXPIRE.</summary>
    Expire = 0x4,

    /// <summary>UMOUNT_NOFOLLOW: the path is not followed where it ends in a symbolic link.</summary>
    NoFollow = 0x8,
}
