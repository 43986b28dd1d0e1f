using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>
/// One request as the kernel has it: served by a server, and by the next one if that dies before the reply has left.
/// </summary>
internal abstract class ServedRequest
{
    /// <summary>Serves the request, for the first time or again.</summary>
    /// <param name="volume">The server's volume.</param>
    /// <param name="worker">The server's worker.</param>
    /// <param name="replyLeaves">
    /// To be called where the reply leaves: from there on the request is not sent again.
    /// </param>
    public abstract RequestReply Serve(Volume volume, Worker worker, Action replyLeaves);
}
