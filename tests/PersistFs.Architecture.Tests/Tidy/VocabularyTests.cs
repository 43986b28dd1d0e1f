using System.Text.RegularExpressions;

namespace PersistFs.Architecture.Tests.Tidy;

/// <summary>One word for one thing: words that were given up stay away from the product and its pages.</summary>
public sealed partial class VocabularyTests
{
    [Fact]
    public void No_word_is_used_that_was_replaced()
    {
        var findings = new Findings("The words are those of the glossary in src/GLOSSARY.md.");
        foreach (SourceFile source in Repository.Product) Look(source.Path, source.Lines);
        foreach (Page page in Repository.Pages) Look(page.Path, page.Lines);
        findings.AssertNone();

        void Look(string file, string[] lines)
        {
            for (int index = 0; index < lines.Length; index++)
            {
                foreach (Match word in Replaced().Matches(Others().Replace(lines[index], "")))
                {
                    findings.Add(file, index + 1, $"'{word.Value}' in: {lines[index].Trim()}");
                }
            }
        }
    }

    /// <summary>Words of other programs, and words whose spelling users know.</summary>
    [GeneratedRegex("daemon-reload|\"(holder|keeper|keeperPid)\"|`(holder|keeper)`", RegexOptions.IgnoreCase)]
    private static partial Regex Others();

    [GeneratedRegex(
        @"\b(daemons?|physicians?|keepers?|holders?|storms?|given[ -]up|brakes?|crews?)\b"
            + "|[a-z](Daemon|Physician|Keeper|Holder|Storm)"
            + "|(Physician|Keeper|Holder|Storm|DutyMeter|WorkerRoster|GroundRepairs|SaveBrake|FrameCrew)[A-Z]",
        RegexOptions.None)]
    private static partial Regex Replaced();
}
