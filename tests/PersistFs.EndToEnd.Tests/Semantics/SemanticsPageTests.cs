using System.Reflection;

namespace PersistFs.EndToEnd.Tests.Semantics;

/// <summary>Every difference in SEMANTICS.md names a test that exists here.</summary>
public sealed class SemanticsPageTests
{
    private const string Page = "src/PersistFs.Server/SEMANTICS.md";
    private const string Heading = "## ", TestLine = "- Test: ";

    /// <summary>A section of what no test can provoke at will: the page gives a measurement instead.</summary>
    private const string MeasuredOnly = "## syncfs(2) after a killed process";

    [Fact]
    public void Every_difference_names_an_end_to_end_test()
    {
        string[] lines = File.ReadAllLines(Path.Combine(ProductBinary.RepositoryRoot, Page));
        HashSet<string> tests =
        [
            .. from type in typeof(SemanticsPageTests).Assembly.GetTypes()
               from method in type.GetMethods()
               where method.GetCustomAttributes<FactAttribute>().Any()
               select $"{TestLine}`{type.Name}.{method.Name}`",
        ];
        string[] named = [.. lines.Where(line => line.StartsWith(TestLine, StringComparison.Ordinal))];
        Assert.All(named, line => Assert.Contains(line, tests));
        Assert.Equal(
            lines.Count(line => line.StartsWith(Heading, StringComparison.Ordinal) && line != MeasuredOnly),
            named.Length);
        Assert.NotEmpty(named);
    }
}
