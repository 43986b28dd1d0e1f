namespace PersistFs.EndToEnd.Tests.Restart;

/// <summary>The restart tests kill one server in turn.</summary>
[CollectionDefinition(Name)]
public sealed class RestartCollection : ICollectionFixture<RestartTree>
{
    public const string Name = "Restart";
}
