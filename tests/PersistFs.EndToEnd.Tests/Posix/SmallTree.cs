namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>A tree that is soon full.</summary>
public sealed class SmallTree : IDisposable
{
    public MountedTree Tree { get; } = MountedTree.Start("32M");

    public void Dispose() => Tree.Dispose();
}
