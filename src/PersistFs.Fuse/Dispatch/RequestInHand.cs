using PersistFs.Fuse.Messages;
using PersistFs.Linux;

namespace PersistFs.Fuse.Dispatch;

/// <summary>What a worker of a dead server may have read and not finished.</summary>
/// <param name="Worker">
/// What <see cref="RequestContext.Worker"/> is when the request is served from here; may lie beyond the workers of the
/// session that does so.
/// </param>
/// <param name="Memory">
/// Where that worker read its requests to. The first four bytes are zero when it had none in hand; else they are the
/// request's length, up to that of the memory.
/// </param>
public readonly record struct RequestInHand(int Worker, IoVector Memory);
