using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace PersistFs.Linux;

/// <summary>
/// The Live Update Orchestrator, which carries open files over a kexec (linux/liveupdate.h): sessions made through
/// /dev/liveupdate, which one process at a time may have open, and files preserved in them under a token.
/// </summary>
public static unsafe partial class Libc
{
    /// <summary>The orchestrator; it is there where the kernel was booted with kho=on and liveupdate=on.</summary>
    public const string LiveUpdateDevice = "/dev/liveupdate";

    /// <summary>Bytes of a session's name without its NUL.</summary>
    public const int LiveSessionNameLengthMax = 63;

    /// <summary>Makes a session for the next kernel; it lasts as long as a process has it open.</summary>
    /// <param name="device">/dev/liveupdate.</param>
    /// <param name="name">At most <see cref="LiveSessionNameLengthMax"/> bytes of ASCII.</param>
    /// <param name="session">The session, or -1.</param>
    /// <returns>EEXIST when a session of that name is there already.</returns>
    public static Errno CreateLiveSession(int device, string name, out int session) =>
        OpenLiveSession(device, CreateSession, name, out session);

    /// <summary>
    /// Takes a session that the kernel before this one has left. It can be taken once; a process that closes it
    /// without having retrieved its files gives their contents up.
    /// </summary>
    /// <returns>ENOENT when none was left; EINVAL when it has been taken.</returns>
    public static Errno RetrieveLiveSession(int device, string name, out int session) =>
        OpenLiveSession(device, RetrieveSession, name, out session);

    /// <summary>
    /// Preserves a file in a session: its memory is filled and pinned, and its size fixed, until the session is closed.
    /// </summary>
    /// <returns>
    /// EEXIST when the session has that token; EINVAL when it came from the kernel before; EBUSY when the file is
    /// preserved already; ENOENT for a file of a kind that cannot be.
    /// </returns>
    public static Errno PreserveInLiveSession(int session, int descriptor, ulong token)
    {
        LiveFile argument = new()
        {
            Size = (uint)Unsafe.SizeOf<LiveFile>(),
            Descriptor = descriptor,
            Token = token,
        };
        return DeviceControl(session, PreserveFile, (nint)(&argument), out _);
    }

    /// <summary>
    /// A file that the kernel before this one has preserved; closed when another program is executed.
    /// </summary>
    /// <returns>ENOENT when the session has no such token.</returns>
    public static Errno RetrieveFromLiveSession(int session, ulong token, out int descriptor)
    {
        LiveFile argument = new() { Size = (uint)Unsafe.SizeOf<LiveFile>(), Descriptor = -1, Token = token };
        Errno error = DeviceControl(session, RetrieveFile, (nint)(&argument), out _);
        descriptor = error == Errno.OK ? argument.Descriptor : -1;
        return error;
    }

    /// <summary>
    /// Says that all files of a session that was taken have been retrieved; they are as any others then.
    /// </summary>
    public static Errno FinishLiveSession(int session)
    {
        ulong argument = sizeof(ulong);
        return DeviceControl(session, FinishSession, (nint)(&argument), out _);
    }

    private static Errno OpenLiveSession(int device, uint request, string name, out int session)
    {
        session = -1;
        LiveName argument = new() { Size = (uint)Unsafe.SizeOf<LiveName>(), Descriptor = -1 };
        Span<byte> text = new(argument.Name, LiveSessionNameLengthMax + 1);
        if (Encoding.ASCII.GetByteCount(name) > LiveSessionNameLengthMax) return Errno.ENAMETOOLONG;
        Encoding.ASCII.GetBytes(name, text);
        Errno error = DeviceControl(device, request, (nint)(&argument), out _);
        if (error == Errno.OK) session = argument.Descriptor;
        return error;
    }

    private const uint CreateSession = 0xBA00;
    private const uint RetrieveSession = 0xBA01;
    private const uint PreserveFile = 0xBA40;
    private const uint RetrieveFile = 0xBA41;
    private const uint FinishSession = 0xBA42;

    [StructLayout(LayoutKind.Sequential)]
    private struct LiveName
    {
        public uint Size;
        public int Descriptor;
        public fixed byte Name[LiveSessionNameLengthMax + 1];
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct LiveFile
    {
        public uint Size;
        public int Descriptor;
        public ulong Token;
    }
}
