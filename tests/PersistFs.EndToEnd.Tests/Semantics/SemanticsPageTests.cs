using System.Reflection;
using PersistFs.EndToEnd.Tests.Readme;

namespace PersistFs.EndToEnd.Tests.Semantics;

/// <summary>Every row of SEMANTICS.md names a test that exists here.</summary>
public sealed class SemanticsPageTests
{
    private const string Page = "src/PersistFs.Server/SEMANTICS.md";

    [Fact]
    public void Every_row_names_an_end_to_end_test()
    {
        string[] lines = File.ReadAllLines(Path.Combine(ProductBinary.RepositoryRoot, Page));
        List<string[]> rows = MarkdownTable.RowsBehind(lines, 0);
        Assert.NotEmpty(rows);
        HashSet<string> tests =
        [
            .. from type in typeof(SemanticsPageTests).Assembly.GetTypes()
               from method in type.GetMethods()
               where method.GetCustomAttributes<FactAttribute>().Any()
               select $"`{type.Name}.{method.Name}`",
        ];
        Assert.All(rows, cells => Assert.Contains(cells[^1], tests));
    }
}
