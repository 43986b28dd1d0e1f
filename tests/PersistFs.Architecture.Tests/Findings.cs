namespace PersistFs.Architecture.Tests;

/// <summary>The places that break one rule.</summary>
/// <param name="rule">What must be true, in a sentence.</param>
internal sealed class Findings(string rule)
{
    private readonly List<string> places = [];

    public void Add(string file, int line, string what) => places.Add($"{file}:{line}: {what}");

    public void Add(string place) => places.Add(place);

    /// <summary>Fails the test with every place, if there is one.</summary>
    public void AssertNone()
    {
        if (places.Count == 0) return;
        Assert.Fail($"{rule}\n  {string.Join("\n  ", places.Distinct().Order(StringComparer.Ordinal))}");
    }
}
