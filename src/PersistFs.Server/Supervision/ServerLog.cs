using PersistFs.Linux;

namespace PersistFs.Server.Supervision;

/// <summary>The file that a server started by `persistfs up` writes its log to.</summary>
/// <remarks>
/// A successor may be waiting for the arena already, with the same file open. So each process holds a shared lock of
/// it, and one that ends removes the file only if no other holds a lock.
/// </remarks>
public static class ServerLog
{
    /// <summary>No log of the server's own.</summary>
    public const int None = -1;

    /// <summary>The descriptor that a started server finds its log at.</summary>
    public const int StandardError = 2;

    private const uint Mode = 0x180; // rw-------

    /// <summary>Opens the log for appending; made where it is missing.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="descriptor">Closes on exec; holds a lock as long as it or a duplicate is open.</param>
    public static Errno Open(string path, out int descriptor)
    {
        const OpenFlags Append = OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Append | OpenFlags.CloseOnExec;
        while (true)
        {
            Errno error = Libc.Open(path, Append, Mode, out descriptor);
            if (error != Errno.OK) return error;
            error = Libc.LockFile(descriptor, isExclusive: false, waits: true);
            // Where the file system has no locks, the log stays; and one that was removed meanwhile is made again.
            if (error != Errno.OK || IsAt(path, descriptor)) return Errno.OK;
            Libc.Close(descriptor);
        }
    }

    /// <summary>Removes the log of a server that has ended well, unless another writes to it.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="descriptor">The log as <see cref="Open"/> has opened it; or <see cref="None"/>.</param>
    public static void Remove(string path, int descriptor)
    {
        if (descriptor == None || !IsAt(path, descriptor)) return;
        if (Libc.LockFile(descriptor, isExclusive: true, waits: false) == Errno.OK) File.Delete(path);
    }

    /// <summary>Whether the path still leads to the open file.</summary>
    private static bool IsAt(string path, int descriptor) =>
        Libc.GetStatus(path, out FileStatus there) == Errno.OK
        && Libc.GetStatus($"/proc/self/fd/{descriptor}", out FileStatus open) == Errno.OK
        && (there.Device, there.InodeNumber) == (open.Device, open.InodeNumber);
}
