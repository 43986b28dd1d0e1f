using Microsoft.Win32.SafeHandles;
using PersistFs.Linux;
using PersistFs.Server.Failures;
using PersistFs.Server.Mounts;
using PersistFs.Server.Paths;

namespace PersistFs.Server.Supervision;

/// <summary>One supervisor for each mount point: a lock that goes with the process that holds it.</summary>
internal sealed class SupervisorLock : IDisposable
{
    private const uint OwnerOnly = 0x180; // rw-------
    private const int PollInMilliseconds = 5;

    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    private readonly string path;
    private readonly SafeFileHandle handle;

    private SupervisorLock(string path, SafeFileHandle handle)
    {
        this.path = path;
        this.handle = handle;
    }

    /// <summary>Takes the lock; waits for a supervisor whose mount is gone, since it is just ending.</summary>
    /// <exception cref="FailureException">MountPointBusy: another supervisor has it and is not ending.</exception>
    public static SupervisorLock Take(string path, string mountPoint)
    {
        long deadline = Environment.TickCount64 + (long)EndLimit.TotalMilliseconds;
        while (true)
        {
            SafeFileHandle handle = Open(path);
            if (Libc.LockOpenFile(handle) == Errno.OK && IsAt(path, handle)) return new SupervisorLock(path, handle);
            handle.Dispose();
            bool isServed = MountTable.Find(mountPoint)?.Type == MountPoint.FileSystemType;
            if (isServed || Environment.TickCount64 > deadline) throw MountPreparation.Busy(mountPoint);
            Thread.Sleep(PollInMilliseconds);
        }
    }

    /// <summary>Goes on with a lock that this process has.</summary>
    public static SupervisorLock Adopt(string path, int descriptor) =>
        new(path, new SafeFileHandle(descriptor, ownsHandle: true));

    public int Descriptor => (int)handle.DangerousGetHandle();

    /// <summary>
    /// Leaves nothing behind: a process that has opened the file meanwhile finds that it is not there any more.
    /// </summary>
    public void Dispose()
    {
        File.Delete(path);
        handle.Dispose();
    }

    private static SafeFileHandle Open(string path)
    {
        const OpenFlags Flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.CloseOnExec;
        Errno error = Libc.Open(path, Flags, OwnerOnly, out int descriptor);
        if (error != Errno.OK) throw FailureException.FromSystem(path, "open the lock", error);
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Whether the path still leads to the open file.</summary>
    private static bool IsAt(string path, SafeFileHandle handle) =>
        Libc.GetStatus(path, out FileStatus there) == Errno.OK
        && Libc.GetStatus($"/proc/self/fd/{handle.DangerousGetHandle()}", out FileStatus open) == Errno.OK
        && (there.Device, there.InodeNumber) == (open.Device, open.InodeNumber);
}
