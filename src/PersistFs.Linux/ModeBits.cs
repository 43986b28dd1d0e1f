namespace PersistFs.Linux;

/// <summary>File type and permission bits of st_mode (inode(7), linux/stat.h).</summary>
public static class ModeBits
{
    public const uint TypeMask = 0xF000;
    public const uint Socket = 0xC000;
    public const uint SymbolicLink = 0xA000;
    public const uint Regular = 0x8000;
    public const uint BlockDevice = 0x6000;
    public const uint Directory = 0x4000;
    public const uint CharacterDevice = 0x2000;
    public const uint Fifo = 0x1000;

    public const uint SetUserId = 0x800;
    public const uint SetGroupId = 0x400;
    public const uint Sticky = 0x200;
    public const uint GroupExecute = 0x8;

    /// <summary>Permission bits with set-id and sticky bits: what chmod(2) may change.</summary>
    public const uint PermissionMask = 0xFFF;

    /// <summary>Read, write, execute of owner, group and others.</summary>
    public const uint AccessMask = 0x1FF;

    public static bool IsDirectory(uint mode) => (mode & TypeMask) == Directory;

    public static bool IsRegular(uint mode) => (mode & TypeMask) == Regular;

    public static bool IsSymbolicLink(uint mode) => (mode & TypeMask) == SymbolicLink;

    /// <summary>Whether <paramref name="mode"/> names a type that a file can have.</summary>
    public static bool IsKnownType(uint mode) => (mode & TypeMask) is Socket or SymbolicLink or Regular
        or BlockDevice or Directory or CharacterDevice or Fifo;

    /// <summary>d_type of readdir(3): the type bits, shifted down as linux/fs_types.h has it.</summary>
    public static byte ToDirectoryEntryType(uint mode) => (byte)((mode & TypeMask) >> 12);

    /// <summary>The type bits that a d_type of readdir(3) stands for.</summary>
    public static uint FromDirectoryEntryType(byte type) => (uint)type << 12;
}
