using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>What can be done with any descriptor: flags, duplicates, waiting, device control.</summary>
public static unsafe partial class Libc
{
    /// <summary>fcntl(2) F_DUPFD_CLOEXEC: a second descriptor of the same open file.</summary>
    public static Errno Duplicate(int descriptor, out int duplicate) => DuplicateFrom(descriptor, 0, out duplicate);

    /// <summary>As <see cref="Duplicate"/>, with a number of <paramref name="minimum"/> at least.</summary>
    public static Errno DuplicateFrom(int descriptor, int minimum, out int duplicate) =>
        Result(duplicate = ControlCore(descriptor, DuplicateCloseOnExec, minimum));

    /// <summary>fcntl(2) F_SETFL: sets or clears O_NONBLOCK.</summary>
    /// <remarks>The flag belongs to the open file: every duplicate, in any process, has it too.</remarks>
    public static Errno SetNonBlocking(int descriptor, bool nonBlocking)
    {
        int flags = ControlCore(descriptor, GetStatusFlags, 0);
        if (flags == -1) return (Errno)Marshal.GetLastPInvokeError();
        int wanted = nonBlocking ? flags | (int)OpenFlags.NonBlocking : flags & ~(int)OpenFlags.NonBlocking;
        return Result(ControlCore(descriptor, SetStatusFlags, wanted));
    }

    /// <summary>fcntl(2) F_SETFD: whether the descriptor closes when this process executes another program.</summary>
    public static Errno SetCloseOnExec(int descriptor, bool closes) =>
        Result(ControlCore(descriptor, SetDescriptorFlags, closes ? CloseOnExecFlag : 0));

    /// <summary>ioctl(2) with an address, a number or nothing as its argument.</summary>
    /// <param name="descriptor">The device.</param>
    /// <param name="request">The device's request number.</param>
    /// <param name="argument">What the request asks for; memory it names stays valid during the call.</param>
    /// <param name="result">What the call returned, or -1.</param>
    public static Errno DeviceControl(int descriptor, uint request, nint argument, out int result) =>
        Result(result = DeviceControlCore(descriptor, request, argument));

    /// <summary>poll(2): waits until one of <paramref name="descriptors"/> has an event asked for.</summary>
    /// <param name="descriptors">What to wait for; the events that came are stored in it.</param>
    /// <param name="timeoutInMilliseconds">How long to wait; 0 only looks, -1 waits for ever.</param>
    /// <param name="ready">How many have an event; 0 when the time was up.</param>
    /// <returns>EINTR when a signal came first.</returns>
    public static Errno Poll(Span<PollDescriptor> descriptors, int timeoutInMilliseconds, out int ready)
    {
        fixed (PollDescriptor* first = descriptors)
        {
            return Result(ready = PollCore(first, (nuint)descriptors.Length, timeoutInMilliseconds));
        }
    }

    private const int DuplicateCloseOnExec = 1030;
    private const int SetDescriptorFlags = 2;
    private const int GetStatusFlags = 3;
    private const int SetStatusFlags = 4;
    private const int CloseOnExecFlag = 1;

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int ControlCore(int descriptor, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int DeviceControlCore(int descriptor, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int PollCore(PollDescriptor* descriptors, nuint count, int timeout);
}
