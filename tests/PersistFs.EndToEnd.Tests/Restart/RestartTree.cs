namespace PersistFs.EndToEnd.Tests.Restart;

/// <summary>
/// A tree that may be killed at any moment. What write(2) returned is in the arena only with write-through, so that is
/// what these tests ask for.
/// </summary>
public sealed class RestartTree : IDisposable
{
    public MountedTree Tree { get; } = MountedTree.Start("2G", "writethrough");

    public void Dispose() => Tree.Dispose();
}
