using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using PersistFs.Linux;

namespace PersistFs.Server.Memfd;

/// <summary>/dev/liveupdate, open for a moment: one process at a time may have it.</summary>
internal sealed class LiveUpdate : IDisposable
{
    private const int PollInMilliseconds = 5;

    private readonly SafeFileHandle device;

    private LiveUpdate(SafeFileHandle device) => this.device = device;

    /// <summary>Whether the kernel hands memory to the next one.</summary>
    public static bool IsThere => File.Exists(Libc.LiveUpdateDevice);

    /// <summary>Opens it; waits while another process has it.</summary>
    /// <param name="wait">How long.</param>
    /// <param name="opened">Null with an error.</param>
    /// <returns>EBUSY when the time was up; EIO when what the last kernel left cannot be read.</returns>
    public static Errno TryOpen(TimeSpan wait, out LiveUpdate? opened)
    {
        opened = null;
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            const OpenFlags Flags = OpenFlags.ReadWrite | OpenFlags.CloseOnExec;
            Errno error = Libc.Open(Libc.LiveUpdateDevice, Flags, 0, out int descriptor);
            if (error == Errno.OK) opened = new LiveUpdate(new SafeFileHandle(descriptor, ownsHandle: true));
            if (error != Errno.EBUSY || Stopwatch.GetElapsedTime(start) > wait) return error;
            Thread.Sleep(PollInMilliseconds);
        }
    }

    /// <summary>A new session for the next kernel.</summary>
    public Errno Create(string name, out SafeFileHandle? session) =>
        Own(Libc.CreateLiveSession(Number, name, out int descriptor), descriptor, out session);

    /// <summary>A session that the last kernel has left.</summary>
    public Errno Retrieve(string name, out SafeFileHandle? session) =>
        Own(Libc.RetrieveLiveSession(Number, name, out int descriptor), descriptor, out session);

    public void Dispose() => device.Dispose();

    /// <summary>The descriptor.</summary>
    public int Number => (int)device.DangerousGetHandle();

    private static Errno Own(Errno error, int descriptor, out SafeFileHandle? session)
    {
        session = error == Errno.OK ? new SafeFileHandle(descriptor, ownsHandle: true) : null;
        return error;
    }
}
