using System.Text;
using PersistFs.Linux;

namespace PersistFs.Server.Descriptors;

/// <summary>Sends messages to the process that started this one as a service (sd_notify(3)).</summary>
/// <param name="address">What $NOTIFY_SOCKET says: a path, or '@' and an abstract name.</param>
internal sealed class ServiceNotifier(string address)
{
    private const int BarrierLimitInMilliseconds = 5000;

    /// <summary>Sends lines, and with them descriptors.</summary>
    /// <returns>ENOENT or ECONNREFUSED when nobody listens any more.</returns>
    public Errno Send(string lines, params ReadOnlySpan<int> descriptors)
    {
        Errno error = Libc.Socket(UnixSocketKind.Datagram, out int socket);
        if (error != Errno.OK) return error;
        error = DescriptorPassing.SendTo(
            socket, Encoding.UTF8.GetBytes(address), Encoding.UTF8.GetBytes(lines), descriptors);
        _ = Libc.Close(socket);
        return error;
    }

    /// <summary>Waits until all that was sent before has been dealt with (sd_notify_barrier(3)).</summary>
    /// <returns>ETIMEDOUT when that has not happened in five seconds.</returns>
    public Errno AwaitReceipt()
    {
        Errno error = Libc.Pipe(out int readEnd, out int writeEnd);
        if (error != Errno.OK) return error;
        error = Send(NotifyField.Barrier, writeEnd);
        _ = Libc.Close(writeEnd);
        if (error == Errno.OK)
        {
            // The other end is closed when the message is read, and messages are read in order.
            PollDescriptor[] waiting = [new(readEnd, PollEvents.None)];
            do
            {
                error = Libc.Poll(waiting, BarrierLimitInMilliseconds, out int ready);
                if (error == Errno.OK && ready == 0) error = Errno.ETIMEDOUT;
            }
            while (error == Errno.EINTR);
        }
        _ = Libc.Close(readEnd);
        return error;
    }
}
