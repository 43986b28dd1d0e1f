namespace PersistFs.Linux;

/// <summary>One mount, as a line of /proc/PID/mountinfo shows it (proc(5)).</summary>
/// <param name="Device">Device number, "major:minor".</param>
/// <param name="Root">What of the file system is mounted: "/", or a directory below it.</param>
/// <param name="MountPoint">Where it is mounted.</param>
/// <param name="Options">Options of this mount, with commas between.</param>
/// <param name="Type">File system type, with its subtype.</param>
/// <param name="Source">What mount(2) was told as the source.</param>
/// <param name="SuperOptions">Options of the file system, with commas between.</param>
public sealed record MountEntry(
    string Device, string Root, string MountPoint, string Options, string Type, string Source, string SuperOptions);
