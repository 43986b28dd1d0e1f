using System.Xml.Linq;

namespace PersistFs.Architecture.Tests.Layers;

/// <summary>What each project can compile against.</summary>
public sealed class ProjectTests
{
    /// <summary>Every project of tests, with the projects of the product that it may see.</summary>
    public static TheoryData<string, string[]> Tests => new()
    {
        { "PersistFs.Testing", [] },
        { "PersistFs.EndToEnd.Testing", [] },
        { "PersistFs.Engine.Testing", ["Engine", "Linux"] },
        { "PersistFs.Engine.Tests", ["Engine", "Linux"] },
        { "PersistFs.Fuse.Testing", ["Fuse", "Linux"] },
        { "PersistFs.Fuse.Tests", ["Fuse", "Linux"] },
        { "PersistFs.Server.Tests", ["Engine", "Fuse", "Linux", "Server"] },
        // A superblock and a connection are forged with the libraries; the product is a program to these tests.
        { "PersistFs.EndToEnd.Tests", ["Engine", "Fuse", "Linux"] },
        { "PersistFs.Kexec.Tests", [] },
        { "PersistFs.Architecture.Tests", [] },
    };

    [Theory, MemberData(nameof(Tests))]
    public void Tests_of_a_layer_see_that_layer_and_what_is_below_it(string project, string[] layers)
    {
        IEnumerable<string> seen = SeenFrom($"tests/{project}/{project}.csproj")
            .Where(path => path.StartsWith("src/", StringComparison.Ordinal))
            .Select(path => Path.GetFileNameWithoutExtension(path)["PersistFs.".Length..]);
        Assert.Equal(layers, seen.Order());
    }

    [Fact]
    public void Every_project_of_tests_is_in_the_table()
    {
        IEnumerable<string?> there = Repository.Files
            .Where(file => file.StartsWith("tests/", StringComparison.Ordinal)
                && file.EndsWith(".csproj", StringComparison.Ordinal))
            .Select(Path.GetFileNameWithoutExtension);
        Assert.Equal(Tests.Select(row => row.Data.Item1).Order(), there.Order());
    }

    /// <summary>Projects that a project compiles against, directly or through others, without itself.</summary>
    private static HashSet<string> SeenFrom(string project)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var waiting = new Queue<string>([project]);
        while (waiting.TryDequeue(out string? next))
        {
            foreach (string reference in ReferencesOf(next))
            {
                if (seen.Add(reference)) waiting.Enqueue(reference);
            }
        }
        return seen;
    }

    private static IEnumerable<string> ReferencesOf(string project)
    {
        string folder = Path.GetDirectoryName(Path.Combine(Repository.Root, project))!;
        IEnumerable<string> files = [project];
        // Every project of tests named so gets what the folder's own file of properties references.
        if (project.EndsWith(".Tests.csproj", StringComparison.Ordinal))
        {
            files = [project, "tests/Directory.Build.props"];
        }
        return
            from file in files
            from reference in XDocument.Load(Path.Combine(Repository.Root, file)).Descendants("ProjectReference")
            where (string?)reference.Attribute("ReferenceOutputAssembly") != "false"
            let path = ((string)reference.Attribute("Include")!).Replace('\\', '/')
            select Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(folder, path)));
    }
}
