using PersistFs.Engine.Testing.Model;

namespace PersistFs.Engine.Testing.Crash;

/// <summary>One of two operations that run at the same time.</summary>
/// <param name="Path">Below it the operation changes the tree, and nowhere else.</param>
/// <param name="Act">The operation, by a thread of its own.</param>
internal sealed record InterleavedPart(string Path, Action<VolumeUser> Act)
{
    /// <summary>Whether it makes inodes that go to a pending list.</summary>
    public bool UsesAnyPendingList { get; init; }

    /// <summary>Whether it is a rename from one directory to another.</summary>
    public bool MovesBetweenDirectories { get; init; }
}
