using System.Text;
using System.Text.RegularExpressions;

namespace PersistFs.Architecture.Tests;

/// <summary>A page of the repository, in Markdown.</summary>
/// <param name="path">Its path from the root of the repository.</param>
internal sealed partial class Page(string path)
{
    public string Path => path;

    public string[] Lines { get; } = File.ReadAllLines(System.IO.Path.Combine(Repository.Root, path));

    /// <summary>Its lines outside of blocks of code, with their numbers from 1.</summary>
    public IEnumerable<(int Number, string Text)> Prose()
    {
        bool isCode = false;
        for (int index = 0; index < Lines.Length; index++)
        {
            bool isFence = Lines[index].TrimStart().StartsWith("```", StringComparison.Ordinal);
            if (isFence) isCode = !isCode;
            else if (!isCode) yield return (index + 1, Lines[index]);
        }
    }

    /// <summary>The names by which links reach its headings.</summary>
    public IReadOnlySet<string> Anchors()
    {
        var anchors = new HashSet<string>(StringComparer.Ordinal);
        foreach ((_, string text) in Prose())
        {
            if (Heading().Match(text) is not { Success: true } heading) continue;
            string anchor = AnchorOf(heading.Groups[1].Value);
            string unique = anchor;
            for (int number = 1; !anchors.Add(unique); number++) unique = $"{anchor}-{number}";
        }
        return anchors;
    }

    /// <summary>Its links, with the lines they stand in.</summary>
    public IEnumerable<(int Number, string Target)> Links() =>
        from line in Prose()
        from Match link in Link().Matches(InlineCode().Replace(line.Text, ""))
        select (line.Number, link.Groups[1].Value);

    /// <summary>As GitHub does it: lower case, hyphens for blanks, and no punctuation.</summary>
    private static string AnchorOf(string heading)
    {
        var anchor = new StringBuilder();
        foreach (char letter in heading.Trim())
        {
            if (char.IsLetterOrDigit(letter) || letter is '-' or '_') anchor.Append(char.ToLowerInvariant(letter));
            else if (letter == ' ') anchor.Append('-');
        }
        return anchor.ToString();
    }

    [GeneratedRegex("^#{1,6} +(.*?) *#*$")]
    private static partial Regex Heading();

    [GeneratedRegex(@"\[[^\]]*\]\(([^)\s]+)[^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex InlineCode();
}
