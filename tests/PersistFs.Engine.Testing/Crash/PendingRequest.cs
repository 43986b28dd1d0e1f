using PersistFs.Engine.Transactions;
using PersistFs.Engine.Volumes;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>A request in the life of one server.</summary>
/// <param name="request">The request.</param>
/// <param name="path">Below it the request changes the tree, and nowhere else.</param>
internal sealed class PendingRequest(ServedRequest request, string path)
{
    public ServedRequest Request => request;

    public string Path => path;

    /// <summary>Whether the kernel has its reply, so that it is not sent again.</summary>
    public bool HasLeft { get; private set; }

    /// <summary>The reply that this server has made.</summary>
    public RequestReply? Reply { get; private set; }

    public RequestReply Serve(Volume volume, Worker worker) =>
        Reply = request.Serve(volume, worker, () => HasLeft = true);
}
