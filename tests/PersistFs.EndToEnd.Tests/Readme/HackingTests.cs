using System.Text.RegularExpressions;

namespace PersistFs.EndToEnd.Tests.Readme;

/// <summary>The files and folders that HACKING.md sends a newcomer to are there.</summary>
public sealed partial class HackingTests
{
    private const string Page = "src/HACKING.md";

    [Fact]
    public void Every_path_it_names_exists()
    {
        string text = File.ReadAllText(Path.Combine(ProductBinary.RepositoryRoot, Page));
        string[] paths = [.. QuotedPath().Matches(text).Select(match => match.Groups[1].Value).Distinct()];
        Assert.NotEmpty(paths);
        Assert.All(paths, path => Assert.True(Path.Exists(Path.Combine(ProductBinary.RepositoryRoot, path)), path));
    }

    [GeneratedRegex("`((?:src|tests|bench|systemd)/[^`\\s]+)`")]
    private static partial Regex QuotedPath();
}
