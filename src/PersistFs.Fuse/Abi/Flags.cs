namespace PersistFs.Fuse.Abi;

/// <summary>FATTR_*: what SETATTR is to change.</summary>
[Flags]
public enum SetAttributesFlags : uint
{
    None = 0,
    Mode = 1 << 0,
    UserId = 1 << 1,
    GroupId = 1 << 2,
    Size = 1 << 3,
    AccessTime = 1 << 4,
    ModifyTime = 1 << 5,
    Handle = 1 << 6,
    AccessTimeNow = 1 << 7,
    ModifyTimeNow = 1 << 8,
    LockOwner = 1 << 9,
    ChangeTime = 1 << 10,

    /// <summary>A truncation that clears set-user-id and set-group-id (7.33, HandleKillPrivilegesV2).</summary>
    KillSetIds = 1 << 11,
}

/// <summary>FUSE_OPEN_*: what OPEN and CREATE carry beside open(2)'s own flags.</summary>
[Flags]
public enum OpenRequestFlags : uint
{
    None = 0,
    KillSetIds = 1 << 0,
}

/// <summary>FOPEN_*: how the kernel is to treat a file that was opened.</summary>
[Flags]
public enum OpenReplyFlags : uint
{
    None = 0,
    DirectIo = 1 << 0,
    KeepCache = 1 << 1,
    NonSeekable = 1 << 2,
    CacheDirectory = 1 << 3,
    Stream = 1 << 4,
    NoFlush = 1 << 5,
    ParallelDirectWrites = 1 << 6,
    Passthrough = 1 << 7,
}

/// <summary>FUSE_WRITE_*.</summary>
[Flags]
public enum WriteFlags : uint
{
    None = 0,

    /// <summary>Comes from the page cache; handle and caller are guessed.</summary>
    Cache = 1 << 0,
    LockOwner = 1 << 1,

    /// <summary>Clears set-user-id, and set-group-id of a group-executable file (HandleKillPrivilegesV2).</summary>
    KillSetIds = 1 << 2,
}

/// <summary>FUSE_RELEASE_*.</summary>
[Flags]
public enum ReleaseFlags : uint
{
    None = 0,
    Flush = 1 << 0,
    FlockUnlock = 1 << 1,
}

/// <summary>FUSE_FSYNC_*.</summary>
[Flags]
public enum SynchronizeFlags : uint
{
    None = 0,
    DataOnly = 1 << 0,
}

/// <summary>FUSE_IOCTL_*.</summary>
[Flags]
public enum IoctlFlags : uint
{
    None = 0,
    Compat = 1 << 0,
    Unrestricted = 1 << 1,
    Retry = 1 << 2,
    ThirtyTwoBit = 1 << 3,
    Directory = 1 << 4,
    CompatX32 = 1 << 5,
}

/// <summary>FUSE_SETXATTR_*.</summary>
[Flags]
public enum SetXattrFlags : uint
{
    None = 0,

    /// <summary>Storing system.posix_acl_access clears set-group-id.</summary>
    AclKillSetGroupId = 1 << 0,
}

/// <summary>RENAME_* of renameat2(2) (linux/fs.h).</summary>
[Flags]
public enum RenameFlags : uint
{
    None = 0,
    NoReplace = 1 << 0,
    Exchange = 1 << 1,
    Whiteout = 1 << 2,
}

/// <summary>FALLOC_FL_* of fallocate(2) (linux/falloc.h).</summary>
[Flags]
public enum AllocateMode : uint
{
    None = 0,
    KeepSize = 1 << 0,
    PunchHole = 1 << 1,
    CollapseRange = 1 << 3,
    ZeroRange = 1 << 4,
    InsertRange = 1 << 5,
    UnshareRange = 1 << 6,
}
