namespace PersistFs.Architecture.Tests.Tidy;

/// <summary>What the pages refer to.</summary>
public sealed class PageTests
{
    [Fact]
    public void A_link_leads_to_a_file_and_a_heading_that_exist()
    {
        var findings = new Findings("A link leads to a file of the repository, and to a heading of that page.");
        var pages = Repository.Pages.ToDictionary(page => page.Path, StringComparer.Ordinal);
        foreach (Page page in pages.Values)
        {
            foreach ((int line, string target) in page.Links())
            {
                if (!target.Contains("://", StringComparison.Ordinal) && !Exists(pages, page, target))
                {
                    findings.Add(page.Path, line, $"{target} does not exist");
                }
            }
        }
        findings.AssertNone();
    }

    [Fact]
    public void The_pages_link_to_each_other() =>
        Assert.Contains(Repository.Pages, page => page.Path == "README.md" && page.Links().Any());

    private static bool Exists(Dictionary<string, Page> pages, Page from, string target)
    {
        string[] parts = target.Split('#', 2);
        string folder = Path.GetDirectoryName(Path.Combine(Repository.Root, from.Path))!;
        string path = parts[0].Length == 0
            ? from.Path
            : Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(folder, parts[0])));
        bool isThere = Repository.Files.Contains(path)
            || Repository.Files.Any(file => file.StartsWith($"{path.TrimEnd('/')}/", StringComparison.Ordinal));
        if (parts.Length == 1) return isThere;
        return pages.TryGetValue(path, out Page? page) && page.Anchors().Contains(parts[1]);
    }
}
