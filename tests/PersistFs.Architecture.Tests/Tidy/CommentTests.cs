using System.Text.RegularExpressions;

namespace PersistFs.Architecture.Tests.Tidy;

/// <summary>Comments that lost their shape, or say what a thing does with "who".</summary>
public sealed partial class CommentTests
{
    [Fact]
    public void No_word_stands_alone_in_the_middle_of_a_paragraph()
    {
        var findings = new Findings("A comment's line in the middle of a paragraph has more than two words.");
        foreach (SourceFile source in Repository.Sources)
        {
            Comment[] comments = [.. source.Comments().Where(comment => !comment.IsBehindCode)];
            for (int index = 1; index + 1 < comments.Length; index++)
            {
                if (IsLeftOver(comments[index - 1], comments[index], comments[index + 1]))
                {
                    findings.Add(source.Path, comments[index].Line, comments[index].Text);
                }
            }
        }
        findings.AssertNone();
    }

    [Fact]
    public void The_subject_of_a_comment_is_a_thing()
    {
        var findings = new Findings("A comment of the product says what does something, not who.");
        foreach (SourceFile source in Repository.Product)
        {
            foreach (Comment comment in source.Comments())
            {
                Match person = Person().Match(comment.Text);
                if (person.Success) findings.Add(source.Path, comment.Line, comment.Text);
            }
        }
        findings.AssertNone();
    }

    /// <summary>Whether re-wrapping left a line of a word or two between two lines of one paragraph.</summary>
    private static bool IsLeftOver(Comment before, Comment comment, Comment after) =>
        before.Line + 1 == comment.Line && comment.Line + 1 == after.Line
        && IsProse(before) && IsProse(comment) && IsProse(after)
        && comment.Text.Split(' ').Length <= 2;

    /// <summary>Whether a line is words of a paragraph: no tag alone, no item of a list, no line of a table.</summary>
    private static bool IsProse(Comment comment) =>
        comment.Text.Length > 0 && !NoProse().IsMatch(comment.Text);

    [GeneratedRegex(@"^<(?!see |paramref |c>)|<\/(summary|param|returns|remarks|item|para|typeparam)>$"
        + @"|^[-*|#]|^\d+\.|  ")]
    private static partial Regex NoProse();

    [GeneratedRegex(@"\b(who|whoever|whom)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Person();
}
