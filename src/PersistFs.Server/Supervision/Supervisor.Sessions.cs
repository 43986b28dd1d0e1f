using PersistFs.Linux;
using PersistFs.Server.Descriptors;

namespace PersistFs.Server.Supervision;

/// <summary>
/// Taking what the last kernel has left for a server. The memory of such a session is lost with the process that has
/// it, and a server may be killed at any instruction. So the supervisor takes the session, and stores it before the
/// server has it.
/// </summary>
public sealed partial class Supervisor
{
    /// <param name="name">What it is to be kept under.</param>
    /// <param name="session">What the last kernel called it.</param>
    /// <param name="descriptors">/dev/liveupdate, and where the answer goes.</param>
    private void TakeSession(string name, string session, ReadOnlySpan<int> descriptors)
    {
        if (descriptors.Length != 2) return;
        Errno error = Libc.RetrieveLiveSession(descriptors[0], session, out int taken);
        if (error == Errno.OK && !kept.Store(name, taken)) Log($"{name}: the session could not be kept");
        SessionAnswer.Send(descriptors[1], error, taken);
        if (error == Errno.OK) _ = Libc.Close(taken);
    }
}
