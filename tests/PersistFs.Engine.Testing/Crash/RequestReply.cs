using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>What the kernel is told of a request.</summary>
/// <param name="Error">The outcome.</param>
/// <param name="Attributes">The inode that was found or made, if any.</param>
/// <param name="Listing">Bytes of a listing; else none.</param>
internal sealed record RequestReply(Errno Error, InodeAttributes Attributes = default, byte[]? Listing = null)
{
    /// <summary>Of a request that has ended too many servers.</summary>
    public static readonly RequestReply GivenUp = new(Errno.EIO);

    /// <summary>Whether an earlier server had executed the request, and this is its reply.</summary>
    public bool IsRecalled { get; init; }

    /// <summary>Whether the kernel is told the same, to the last byte.</summary>
    public bool IsSameAs(RequestReply other) => Error == other.Error && Attributes.Equals(other.Attributes)
        && (Listing ?? []).AsSpan().SequenceEqual(other.Listing ?? []);
}
