namespace PersistFs.Linux;

/// <summary>What statx(2) says of a file, as far as it is asked.</summary>
/// <param name="Mode">File type and permission bits, as st_mode.</param>
/// <param name="UserId">Owner.</param>
/// <param name="GroupId">Group.</param>
/// <param name="SizeInBytes">As st_size.</param>
/// <param name="AllocatedBytes">Memory or disk space behind the file.</param>
/// <param name="Device">
/// Device number of the file system the file lies on: major in the upper half, minor in the lower.
/// </param>
/// <param name="InodeNumber">As st_ino.</param>
/// <param name="SpecialDevice">Device number that a device node stands for, as <paramref name="Device"/>.</param>
public readonly record struct FileStatus(
    uint Mode, uint UserId, uint GroupId, ulong SizeInBytes, ulong AllocatedBytes, ulong Device, ulong InodeNumber,
    ulong SpecialDevice)
{
    public bool IsDirectory => ModeBits.IsDirectory(Mode);

    public bool IsRegular => ModeBits.IsRegular(Mode);
}
