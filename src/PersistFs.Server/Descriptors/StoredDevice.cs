using PersistFs.Fuse.Mounts;
using PersistFs.Linux;
using PersistFs.Server.Paths;

namespace PersistFs.Server.Descriptors;

/// <summary>Looks at a descriptor that was stored, without taking anything from it.</summary>
internal static class StoredDevice
{
    /// <summary>/dev/fuse: MISC_MAJOR and FUSE_MINOR of linux/miscdevice.h.</summary>
    private const ulong DeviceNumber = (10UL << 32) | 229;

    /// <summary>Finds out what <paramref name="descriptor"/> is, and how its connection is.</summary>
    public static DeviceState Examine(int descriptor)
    {
        if (Libc.GetDeviceNumber(descriptor, out ulong device) != Errno.OK || device != DeviceNumber)
        {
            return DeviceState.Foreign;
        }
        // The kernel refuses a read into so little before it looks for a request, but not before it looks for a mount.
        Span<byte> tooSmall = stackalloc byte[1];
        if (Libc.Read(descriptor, tooSmall, out _) == Errno.EPERM) return DeviceState.Unmounted;
        PollDescriptor waiting = new(descriptor, PollEvents.None);
        _ = Libc.Poll(new Span<PollDescriptor>(ref waiting), 0, out _);
        return (waiting.Returned & (PollEvents.Error | PollEvents.HangUp)) != 0 ? DeviceState.Closed : DeviceState.Live;
    }

    /// <summary>
    /// The connection's number below /sys/fs/fuse/connections: the minor device number of its mounts.
    /// </summary>
    /// <param name="descriptor">A mounted /dev/fuse.</param>
    /// <param name="mountPoint">
    /// Where it should be mounted: asked where the kernel does not tell by the descriptor.
    /// </param>
    /// <returns>0 when neither tells.</returns>
    public static ulong ConnectionOf(int descriptor, string mountPoint)
    {
        if (Mount.ConnectionOf(descriptor) is { } connection) return connection;
        return MountTable.Find(mountPoint) is { } mount ? MountPoint.ConnectionOf(mount) : 0;
    }
}
