using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>Mounting and unmounting.</summary>
public static partial class Libc
{
    /// <summary>mount(2).</summary>
    /// <param name="source">What /proc/mounts shows as the source.</param>
    /// <param name="target">The directory to mount on.</param>
    /// <param name="type">The filesystem type, for FUSE with its subtype.</param>
    /// <param name="flags">Options every filesystem has.</param>
    /// <param name="data">Options of this filesystem, with commas between.</param>
    public static Errno Mount(string source, string target, string type, MountFlags flags, string? data) =>
        Result(MountCore(source, target, type, (nuint)flags, data));

    /// <summary>umount2(2).</summary>
    /// <returns>EBUSY while files are open and Detach is not asked for; EINVAL when it is no mount point.</returns>
    public static Errno Unmount(string target, UnmountFlags flags) => Result(UnmountCore(target, (int)flags));

    /// <summary>geteuid(2): 0 for root.</summary>
    public static uint EffectiveUserId() => EffectiveUserIdCore();

    /// <summary>getegid(2).</summary>
    public static uint EffectiveGroupId() => EffectiveGroupIdCore();

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MountCore(string source, string target, string type, nuint flags, string? data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int UnmountCore(string target, int flags);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUserIdCore();

    [LibraryImport("libc", EntryPoint = "getegid")]
    private static partial uint EffectiveGroupIdCore();
}
