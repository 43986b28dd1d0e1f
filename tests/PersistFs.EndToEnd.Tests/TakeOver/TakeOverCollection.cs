namespace PersistFs.EndToEnd.Tests.TakeOver;

/// <summary>Servers that are killed and replaced under their clients, one test at a time.</summary>
[CollectionDefinition(Name)]
public sealed class TakeOverCollection : ICollectionFixture<OtherVersions>
{
    public const string Name = "TakeOver";
}
