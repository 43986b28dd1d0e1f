namespace PersistFs.Engine.Tests.Golden;

/// <summary>Numbers of the requests that a golden arena knows.</summary>
internal static class GoldenRequests
{
    /// <summary>Answered with <see cref="ListingReply"/>; the reply had not left.</summary>
    public const ulong Listed = 100;

    /// <summary>Looked up the root; its record is valid.</summary>
    public const ulong Looked = 102;

    /// <summary>In hand, not executed, when a server crashed and when another was killed.</summary>
    public const ulong Quarantined = 104;

    /// <summary>Lets go of two inodes, and has done one.</summary>
    public const ulong Forgetting = 106;

    /// <summary>Its transaction is open, and is undone.</summary>
    public const ulong RolledBack = 108;

    /// <summary>Its transaction has committed; its record is tied to the journal's sequence.</summary>
    public const ulong Committed = 110;

    /// <summary>Its transaction has committed and is freeing. It has no record.</summary>
    public const ulong Cutting = 112;

    public const string ListingReply = "The bytes of a reply that lists five files.";
}
