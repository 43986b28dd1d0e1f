using System.Diagnostics;
using System.Globalization;
using PersistFs.Linux;

namespace PersistFs.Fuse.Mounts;

/// <summary>Brings a connection into the tree of files, and takes it out again.</summary>
/// <remarks>
/// Root opens the device and mounts in two steps, so that the descriptor can be given into keeping between them: from
/// mount(2) on, the connection is lost with its last descriptor. Others ask fusermount3(1), which does both.
/// </remarks>
public static class Mount
{
    private const string DevicePath = "/dev/fuse";
    private const string HelperName = "fusermount3";

    /// <summary>Opens /dev/fuse, close-on-exec. It can be read once it is mounted.</summary>
    /// <exception cref="MountException">There is no such device, or it may not be opened.</exception>
    public static int OpenDevice()
    {
        Errno error = Libc.Open(DevicePath, OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0, out int descriptor);
        if (error == Errno.OK) return descriptor;
        string advice = error is Errno.ENOENT or Errno.ENODEV or Errno.ENXIO
            ? "load the kernel module with: modprobe fuse; in a container pass --device /dev/fuse"
            : "let its permissions, and the device policy of the container or unit, allow it";
        throw new MountException($"{DevicePath}: cannot be opened: {error}", advice);
    }

    /// <summary>mount(2): from here on requests arrive at <paramref name="descriptor"/>, INIT first.</summary>
    /// <param name="descriptor">From <see cref="OpenDevice"/>.</param>
    /// <param name="options">What to mount where.</param>
    /// <remarks>Needs CAP_SYS_ADMIN. Does not wait for INIT to be answered.</remarks>
    /// <exception cref="MountException">The kernel refused.</exception>
    public static void Attach(int descriptor, FuseMountOptions options)
    {
        string data = options.ToKernelOptions(descriptor, Libc.EffectiveUserId(), Libc.EffectiveGroupId());
        Errno error = Libc.Mount(options.Source, options.Target, options.Type, options.Flags, data);
        if (error == Errno.OK) return;
        string advice = error switch
        {
            Errno.EPERM => "be root: mounting needs CAP_SYS_ADMIN",
            Errno.ENOENT or Errno.ENOTDIR => "name an existing directory",
            Errno.EBUSY => "unmount what is mounted there",
            _ => $"look into the kernel's log (dmesg); the options were {data}",
        };
        throw new MountException($"{options.Target}: cannot be mounted on: {error}", advice);
    }

    /// <summary>Has fusermount3(1) open the device and mount it, for a user without the right to.</summary>
    /// <returns>The open /dev/fuse, close-on-exec.</returns>
    /// <exception cref="MountException">There is no such program, or it refused.</exception>
    public static int AttachThroughHelper(FuseMountOptions options)
    {
        Errno error = Libc.SocketPair(UnixSocketKind.Stream, out int ours, out int theirs);
        if (error != Errno.OK) throw new MountException($"A socket for {HelperName} cannot be made: {error}.");
        try
        {
            ProcessStartInfo start = HelperStart("-o", options.ToHelperOptions(), "--", options.Target);
            start.Environment["_FUSE_COMMFD"] = theirs.ToString(CultureInfo.InvariantCulture);
            _ = Libc.SetCloseOnExec(theirs, false);
            RunHelper(start, options.Target);
            Span<byte> payload = stackalloc byte[1];
            Span<int> descriptors = stackalloc int[1];
            error = DescriptorPassing.Receive(ours, payload, descriptors, out _, out int count);
            if (error != Errno.OK || count == 0)
            {
                throw new MountException($"{HelperName} mounted on {options.Target} and sent no descriptor ({error}).");
            }
            return descriptors[0];
        }
        finally
        {
            _ = Libc.Close(ours);
            _ = Libc.Close(theirs);
        }
    }

    /// <summary>umount2(2), or fusermount3(1) for a user without the right to.</summary>
    /// <param name="target">The mount point.</param>
    /// <param name="isLazy">Out of the tree now, even while files are open; the connection ends with the last.</param>
    /// <exception cref="MountException">It is in use, or not mounted.</exception>
    public static void Detach(string target, bool isLazy = false)
    {
        UnmountFlags flags = UnmountFlags.NoFollow | (isLazy ? UnmountFlags.Detach : UnmountFlags.None);
        Errno error = Libc.Unmount(target, flags);
        if (error == Errno.OK) return;
        if (error == Errno.EPERM && Libc.EffectiveUserId() != 0)
        {
            RunHelper(isLazy ? HelperStart("-u", "-z", "--", target) : HelperStart("-u", "--", target), target);
            return;
        }
        string advice = error switch
        {
            Errno.EBUSY => "end those who use it (fuser -m), or unmount lazily",
            Errno.EINVAL => "name a mount point",
            _ => "see umount(2)",
        };
        throw new MountException($"{target}: cannot be unmounted: {error}", advice);
    }

    /// <summary>The connection's number below /sys/fs/fuse/connections, which names it in every process.</summary>
    /// <returns>Null when the descriptor is not mounted, or the kernel does not tell.</returns>
    public static uint? ConnectionOf(int descriptor)
    {
        const string Key = "fuse_connection:";
        string path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{descriptor}");
        foreach (string line in File.ReadLines(path))
        {
            if (!line.StartsWith(Key, StringComparison.Ordinal)) continue;
            ReadOnlySpan<char> value = line.AsSpan(Key.Length);
            return uint.TryParse(value, CultureInfo.InvariantCulture, out uint number) ? number : null;
        }
        return null;
    }

    private static ProcessStartInfo HelperStart(params ReadOnlySpan<string> arguments)
    {
        ProcessStartInfo start = new(HelperName) { RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        return start;
    }

    private static void RunHelper(ProcessStartInfo start, string target)
    {
        try
        {
            using Process helper = Process.Start(start)!;
            string complaint = helper.StandardError.ReadToEnd().Trim();
            helper.WaitForExit();
            if (helper.ExitCode == 0) return;
            throw new MountException($"{HelperName} failed for {target} with {helper.ExitCode}: {complaint}");
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new MountException($"{HelperName} cannot be run for {target}; install fuse3 or be root.", exception);
        }
    }
}
