namespace PersistFs.EndToEnd.Tests.Readme;

/// <summary>Tables of a page, for tests that compare them with what they describe.</summary>
internal static class MarkdownTable
{
    /// <summary>The rows of the first table behind a line, without its head: the cells without their margins.</summary>
    public static List<string[]> RowsBehind(string[] lines, int start) =>
    [
        .. lines.Skip(start + 1)
            .SkipWhile(line => !line.StartsWith('|'))
            .TakeWhile(line => line.StartsWith('|'))
            .Skip(2)
            .Select(Cells),
    ];

    /// <summary>A bar behind a backslash belongs to its cell.</summary>
    private static string[] Cells(string row) =>
    [
        .. row.Replace("\\|", "\0", StringComparison.Ordinal).Trim().Trim('|').Split('|')
            .Select(cell => cell.Replace('\0', '|').Trim()),
    ];
}
