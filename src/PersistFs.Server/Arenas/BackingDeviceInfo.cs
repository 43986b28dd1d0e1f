using System.Globalization;
using PersistFs.Linux;

namespace PersistFs.Server.Arenas;

/// <summary>How much of a mount the kernel's page cache may hold: /sys/class/bdi (sysfs-class-bdi).</summary>
internal static class BackingDeviceInfo
{
    /// <summary>One request's worth: a sequential reader is a request ahead.</summary>
    private const int ReadAheadKibibytes = 1024;

    /// <summary>Lets the page cache treat the mount as it treats a disk.</summary>
    /// <remarks>
    /// The kernel gives a FUSE mount one hundredth of the dirty pages it allows in all, and throttles writers beyond,
    /// since any user's server may be slow to take them. This one was started by root and stores them in memory.
    /// Without the right to say so, the mount is slower and nothing else.
    /// </remarks>
    public static void Relax(string mountPoint)
    {
        if (MountTable.Find(mountPoint) is not { } mount) return;
        string directory = $"/sys/class/bdi/{mount.Device}";
        TryWrite($"{directory}/strict_limit", 0);
        TryWrite($"{directory}/max_ratio", 100);
        TryWrite($"{directory}/read_ahead_kb", ReadAheadKibibytes);
    }

    private static void TryWrite(string file, int value)
    {
        try
        {
            File.WriteAllText(file, value.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Not root, an older kernel, or a read-only /sys.
        }
    }
}
