namespace PersistFs.EndToEnd.Tests.Applications;

/// <summary>The programs people run on the tree share one mount and run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class ApplicationsCollection : ICollectionFixture<MountedTree>
{
    public const string Name = "Applications";
}
