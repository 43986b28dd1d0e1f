using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PersistFs.Linux;

/// <summary>Sends and takes open files over AF_UNIX sockets (SCM_RIGHTS, unix(7)).</summary>
/// <remarks>
/// What arrives is a duplicate: the open file, with its offset, status flags and locks, is shared by both processes.
/// </remarks>
public static unsafe class DescriptorPassing
{
    /// <summary>SCM_MAX_FD of net/scm.h: the most descriptors in one message.</summary>
    public const int CountMax = 253;

    /// <summary>Sends <paramref name="payload"/>, and with it <paramref name="descriptors"/>.</summary>
    /// <param name="socket">A connected AF_UNIX socket.</param>
    /// <param name="payload">At least one byte: a message without bytes carries no descriptors.</param>
    /// <param name="descriptors">At most <see cref="CountMax"/>; none is allowed.</param>
    /// <returns>EINVAL for a payload or count out of bounds; what sendmsg(2) answers.</returns>
    public static Errno Send(int socket, ReadOnlySpan<byte> payload, ReadOnlySpan<int> descriptors) =>
        SendTo(socket, default, payload, descriptors);

    /// <summary>As <see cref="Send"/>, over an unconnected datagram socket to the socket bound at a path.</summary>
    /// <param name="socket">An AF_UNIX datagram socket.</param>
    /// <param name="path">sun_path, at most 107 bytes; a leading '@' names an abstract address (sd_notify(3)).</param>
    /// <param name="payload">At least one byte.</param>
    /// <param name="descriptors">At most <see cref="CountMax"/>; none is allowed.</param>
    public static Errno SendTo(
        int socket, ReadOnlySpan<byte> path, ReadOnlySpan<byte> payload, ReadOnlySpan<int> descriptors)
    {
        if (payload.IsEmpty || descriptors.Length > CountMax || path.Length > PathLengthMax) return Errno.EINVAL;
        byte* name = stackalloc byte[AddressLengthMax];
        byte* control = stackalloc byte[ControlLength(CountMax)];
        MessageHeader message = new() { VectorCount = 1 };
        if (!path.IsEmpty)
        {
            message.Name = name;
            message.NameLength = WriteAddress(new Span<byte>(name, AddressLengthMax), path);
        }
        if (!descriptors.IsEmpty)
        {
            message.Control = control;
            message.ControlLength = (nuint)ControlLength(descriptors.Length);
            WriteRights(new Span<byte>(control, ControlLength(descriptors.Length)), descriptors);
        }
        fixed (byte* first = payload)
        {
            IoVector vector = new((nint)first, (nuint)payload.Length);
            message.Vectors = &vector;
            return Libc.SendMessage(socket, &message, out _);
        }
    }

    /// <summary>Takes one message and the descriptors that came with it, all of them close-on-exec.</summary>
    /// <param name="socket">A connected AF_UNIX socket.</param>
    /// <param name="payload">Where its bytes go.</param>
    /// <param name="descriptors">Where its descriptors go; those that find no room are closed again.</param>
    /// <param name="length">Bytes of payload; 0 when the peer has closed.</param>
    /// <param name="count">Descriptors taken; the caller closes them.</param>
    /// <returns>EMSGSIZE when payload or descriptors did not all find room: what did is still stored.</returns>
    public static Errno Receive(
        int socket, Span<byte> payload, Span<int> descriptors, out int length, out int count) =>
        Receive(socket, payload, descriptors, out length, out count, out _);

    /// <summary>As the other, with the process that sent it.</summary>
    /// <param name="socket">An AF_UNIX socket.</param>
    /// <param name="payload">Where its bytes go.</param>
    /// <param name="descriptors">Where its descriptors go; those that find no room are closed again.</param>
    /// <param name="length">Bytes of payload; 0 when the peer has closed.</param>
    /// <param name="count">Descriptors taken; the caller closes them.</param>
    /// <param name="sender">The process that sent it; 0 where <see cref="Libc.TellSenders"/> was not asked for.</param>
    public static Errno Receive(
        int socket, Span<byte> payload, Span<int> descriptors, out int length, out int count, out int sender)
    {
        count = 0;
        sender = 0;
        int controlLength = ControlLength(CountMax) + Align(Unsafe.SizeOf<ControlHeader>() + Unsafe.SizeOf<Sender>());
        byte* control = stackalloc byte[controlLength];
        fixed (byte* first = payload)
        {
            IoVector vector = new((nint)first, (nuint)payload.Length);
            MessageHeader message = new()
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = (nuint)controlLength,
            };
            Errno error = Libc.ReceiveMessage(socket, &message, out length);
            if (error != Errno.OK) return error;
            ReadOnlySpan<byte> ancillary = new(control, (int)message.ControlLength);
            bool complete = TakeRights(ancillary, descriptors, out count, ref sender);
            return complete && (message.Flags & (Truncated | ControlTruncated)) == 0 ? Errno.OK : Errno.EMSGSIZE;
        }
    }

    internal static uint WriteAddress(Span<byte> address, ReadOnlySpan<byte> path)
    {
        address.Clear();
        MemoryMarshal.Write(address, Libc.UnixFamily);
        path.CopyTo(address[sizeof(ushort)..]);
        if (path[0] != (byte)'@') return (uint)(sizeof(ushort) + path.Length + 1);
        address[sizeof(ushort)] = 0;
        return (uint)(sizeof(ushort) + path.Length);
    }

    private static void WriteRights(Span<byte> control, ReadOnlySpan<int> descriptors)
    {
        control.Clear();
        MemoryMarshal.Write(control, new ControlHeader
        {
            Length = (nuint)(Unsafe.SizeOf<ControlHeader>() + descriptors.Length * sizeof(int)),
            Level = SocketLevel,
            Type = Rights,
        });
        MemoryMarshal.AsBytes(descriptors).CopyTo(control[Unsafe.SizeOf<ControlHeader>()..]);
    }

    private static bool TakeRights(
        ReadOnlySpan<byte> control, Span<int> descriptors, out int count, ref int sender)
    {
        count = 0;
        bool complete = true;
        while (MemoryMarshal.TryRead(control, out ControlHeader header))
        {
            int end = (int)nuint.Min(header.Length, (nuint)control.Length);
            if (end < Unsafe.SizeOf<ControlHeader>()) break;
            ReadOnlySpan<byte> body = control[Unsafe.SizeOf<ControlHeader>()..end];
            if (header.Level == SocketLevel && header.Type == Credentials)
            {
                if (MemoryMarshal.TryRead(body, out Sender who)) sender = who.ProcessId;
            }
            if (header.Level == SocketLevel && header.Type == Rights)
            {
                foreach (int descriptor in MemoryMarshal.Cast<byte, int>(body))
                {
                    if (count < descriptors.Length)
                    {
                        descriptors[count++] = descriptor;
                        continue;
                    }
                    _ = Libc.Close(descriptor);
                    complete = false;
                }
            }
            control = control[Math.Min(Align(end), control.Length)..];
        }
        return complete;
    }

    private static int ControlLength(int count) => Align(Unsafe.SizeOf<ControlHeader>() + count * sizeof(int));

    private static int Align(int length) => (length + 7) & ~7;

    /// <summary>Bytes of sun_path without its NUL.</summary>
    public const int PathLengthMax = 107;

    internal const int AddressLengthMax = sizeof(ushort) + PathLengthMax + 1;
    private const int SocketLevel = 1;
    private const int Rights = 1;
    private const int Credentials = 2;
    private const int Truncated = 0x20;
    private const int ControlTruncated = 0x8;

    /// <summary>struct cmsghdr; its data follows, aligned to 8 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ControlHeader
    {
        public nuint Length;
        public int Level;
        public int Type;
    }

    /// <summary>struct ucred.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Sender
    {
        public int ProcessId;
        public uint UserId;
        public uint GroupId;
    }
}
