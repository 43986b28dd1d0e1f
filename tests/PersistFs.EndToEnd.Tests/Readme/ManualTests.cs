using System.Text.RegularExpressions;

namespace PersistFs.EndToEnd.Tests.Readme;

/// <summary>MANUAL.md has the verbs, options and exit codes that the program has, and no others.</summary>
public sealed partial class ManualTests
{
    private const string Manual = "src/PersistFs.Cli/MANUAL.md";
    private static readonly string[] HelpOptions = ["-?", "-h", "--help"];

    [RootFact(ProductOnly = true)]
    public void It_has_the_verbs_of_the_help() => Assert.Equal(
        Verbs().Order(),
        Rows("## Verbs").SelectMany(cells => Quoted(cells[0])).Select(VerbOf).Order());

    [RootFact(ProductOnly = true)]
    public void It_has_the_options_of_each_verbs_help()
    {
        ILookup<string, string> documented = DocumentedOptions();
        Assert.All(Verbs(), verb => Assert.Equal(
            (verb, string.Join(' ', OptionsInHelp(verb).Order())),
            (verb, string.Join(' ', documented[verb].Distinct().Order()))));
        Assert.Empty(documented.Select(group => group.Key).Except(Verbs()));
    }

    [RootFact(ProductOnly = true)]
    public void It_has_the_mount_options_of_the_help()
    {
        IEnumerable<string> inHelp = Section(Help("up"), "Mount options (-o):")
            .Where(line => line.Length > 2 && line[2] != ' ')
            .SelectMany(line => MountOptionNames(line.Trim().Split("   ")[0]));
        IEnumerable<string> documented =
            Rows("### Mount options").SelectMany(cells => Quoted(cells[0])).SelectMany(MountOptionNames);
        Assert.Equal(inHelp.Distinct().Order(), documented.Distinct().Order());
    }

    [Fact]
    public void It_has_every_exit_code_in_numeric_order()
    {
        string source = File.ReadAllText(
            Path.Combine(ProductBinary.RepositoryRoot, "src/PersistFs.Cli/Output/ExitCode.cs"));
        List<(int Code, string Name)> inSource =
            [.. ExitCodeLine().Matches(source).Select(match => (Number(match.Groups[2].Value), match.Groups[1].Value))];
        Assert.NotEmpty(inSource);
        Assert.Equal(
            inSource.OrderBy(code => code.Code),
            Rows("## Exit codes").Select(cells => (Number(cells[0]), cells[1])));
    }

    /// <summary>The verbs of `--help`; those of kexec with its name before them.</summary>
    private static string[] Verbs() =>
    [
        .. CommandsIn(Help()).Where(verb => verb != "kexec"),
        .. CommandsIn(Help("kexec")).Select(verb => $"kexec {verb}"),
    ];

    private static IEnumerable<string> CommandsIn(string[] help) =>
        Section(help, "Commands:").Select(line => line.Trim().Split(' ')[0]);

    private static IEnumerable<string> OptionsInHelp(string verb) => Section(Help(verb.Split(' ')), "Options:")
        .Where(line => line.Length > 2 && line[2] == '-')
        .SelectMany(line => OptionName().Matches(line.Trim().Split("  ")[0]).Select(match => match.Value))
        .Except(HelpOptions);

    /// <summary>The options of each verb in the manual; a row without a verb goes on with the one above.</summary>
    private static ILookup<string, string> DocumentedOptions()
    {
        List<(string Verb, string Option)> options = [];
        string[] verbs = [];
        foreach (string[] cells in Rows("## Options"))
        {
            if (cells[0].Length > 0) verbs = [.. Quoted(cells[0])];
            string[] names = [.. Quoted(cells[1]).SelectMany(OptionNames)];
            options.AddRange(verbs.SelectMany(verb => names.Select(name => (verb, name))));
        }
        return options.ToLookup(option => option.Verb, option => option.Option);
    }

    private static IEnumerable<string> OptionNames(string text) =>
        OptionName().Matches(text).Select(match => match.Value);

    /// <summary>"size=N  max_size=N" names size and max_size.</summary>
    private static IEnumerable<string> MountOptionNames(string text) => text
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(word => word.TrimEnd(',').Split('=')[0])
        .Where(word => word != "...");

    /// <summary>"kexec prepare [MNT]" is the verb "kexec prepare".</summary>
    private static string VerbOf(string usage) => string.Join(
        ' ', usage.Split(' ').TakeWhile(word => char.IsAsciiLetterLower(word[0])));

    private static string[] Help(params string[] verb) =>
        Tool.Run(ProductBinary.Path, [.. verb, "--help"]).Split('\n');

    /// <summary>The lines behind a heading of the help, up to an empty one.</summary>
    private static string[] Section(string[] help, string heading)
    {
        int start = Array.FindIndex(help, line => line.TrimEnd() == heading);
        Assert.True(start >= 0, $"the help has no line {heading}");
        return [.. help.Skip(start + 1).TakeWhile(line => line.Trim().Length > 0)];
    }

    /// <summary>The rows of the first table behind a heading of the manual, without its head.</summary>
    private static List<string[]> Rows(string heading)
    {
        string[] lines = File.ReadAllLines(Path.Combine(ProductBinary.RepositoryRoot, Manual));
        int start = Array.IndexOf(lines, heading);
        Assert.True(start >= 0, $"{Manual} has no line {heading}");
        List<string[]> rows = MarkdownTable.RowsBehind(lines, start);
        Assert.NotEmpty(rows);
        return rows;
    }

    private static IEnumerable<string> Quoted(string cell) =>
        QuotedText().Matches(cell).Select(match => match.Groups[1].Value);

    private static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex("`([^`]*)`")]
    private static partial Regex QuotedText();

    [GeneratedRegex("(?<![a-z<-])--?[a-z?][a-z-]*")]
    private static partial Regex OptionName();

    [GeneratedRegex(@"^    (\w+) = (\d+),$", RegexOptions.Multiline)]
    private static partial Regex ExitCodeLine();
}
