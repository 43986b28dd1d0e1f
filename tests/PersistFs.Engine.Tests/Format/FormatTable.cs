using System.Globalization;
using System.Text.RegularExpressions;

namespace PersistFs.Engine.Tests.Format;

/// <summary>A table of FORMAT.md that names something of the code.</summary>
/// <param name="Subject">What the line above the table names: a type, or a word of a type.</param>
/// <param name="Kind">What the table lists.</param>
/// <param name="Size">Bytes or bits in all, as the line above says; 0 for other tables.</param>
/// <param name="Rows">Its rows.</param>
internal sealed partial record FormatTable(
    string Subject, FormatTableKind Kind, int Size, IReadOnlyList<FormatRow> Rows)
{
    /// <summary>Every table of the text.</summary>
    public static IReadOnlyList<FormatTable> All { get; } = ReadAll();

    /// <summary>Of two tables of one type, what tells them apart.</summary>
    public string Title => $"{Subject}, {Kind}";

    /// <summary>The type that the table is about.</summary>
    public string TypeName => Subject.Split('.')[0];

    /// <summary>The word of the type that a table of bits takes apart; its only one if none is named.</summary>
    public string Word => Subject.Contains('.', StringComparison.Ordinal) ? Subject.Split('.')[1] : "Value";

    private static List<FormatTable> ReadAll()
    {
        using Stream text = typeof(FormatTable).Assembly.GetManifestResourceStream("FORMAT.md")!;
        using var reader = new StreamReader(text);
        string[] lines = reader.ReadToEnd().Split('\n');
        var tables = new List<FormatTable>();
        for (int index = 0; index < lines.Length; index++)
        {
            Match title = HeadLine().Match(lines[index]);
            if (!title.Success) continue;
            // An empty line, the head of the table and its rule.
            IEnumerable<string> rows = lines.Skip(index + 4).TakeWhile(line => line.StartsWith('|'));
            FormatTableKind kind = KindOf(title.Groups["kind"].Value);
            _ = int.TryParse(title.Groups["size"].Value, CultureInfo.InvariantCulture, out int size);
            tables.Add(new FormatTable(
                title.Groups["subject"].Value, kind, size, [.. rows.Select(row => FormatRow.Parse(row, kind))]));
        }
        return tables;
    }

    private static FormatTableKind KindOf(string text) => text switch
    {
        "bytes" => FormatTableKind.Fields,
        "bits" => FormatTableKind.Bits,
        "values" => FormatTableKind.Values,
        _ => FormatTableKind.Regions,
    };

    [GeneratedRegex(@"^`(?<subject>\w+(\.\w+)?)`, ((?<size>\d+) )?(?<kind>bytes|bits|values|regions)[^|]*:$")]
    private static partial Regex HeadLine();
}
