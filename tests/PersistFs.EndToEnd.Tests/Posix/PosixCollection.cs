namespace PersistFs.EndToEnd.Tests.Posix;

/// <summary>The POSIX tests share one mounted tree and run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class PosixCollection : ICollectionFixture<MountedTree>
{
    public const string Name = "POSIX semantics";
}
