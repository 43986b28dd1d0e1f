using System.Globalization;
using PersistFs.Engine.Image;
using PersistFs.Server.Failures;

namespace PersistFs.Server.Images;

/// <summary>How a save's progress and its report go over the server's socket: as words.</summary>
internal static class SaveLines
{
    private const int ReportLength = 8;

    public static string[] Encode(ImageProgress progress) =>
        [progress.Phase, Text(progress.DoneBytes), Text(progress.TotalBytes)];

    public static bool TryDecode(IReadOnlyList<string> words, out ImageProgress progress)
    {
        progress = default;
        if (words.Count != 3 || !TryRead(words[1], out ulong done) || !TryRead(words[2], out ulong total)) return false;
        progress = new ImageProgress(words[0], done, Math.Max(total, 1));
        return true;
    }

    public static string[] Encode(ImageReport report) =>
    [
        report.Uuid.ToString(), Text(report.TimesOpened), Text((ulong)report.SavedAt), Text(report.ImageBytes),
        Text(report.DataBytes), Text((ulong)report.Passes), Text((ulong)report.LongestPause.Ticks),
        Text((ulong)report.Elapsed.Ticks),
    ];

    /// <exception cref="FailureException">The words are no report.</exception>
    public static ImageReport Decode(IReadOnlyList<string> words)
    {
        var numbers = new ulong[ReportLength];
        bool isReport = words.Count >= ReportLength && Guid.TryParse(words[0], out _);
        for (int index = 1; isReport && index < ReportLength; index++)
            isReport = TryRead(words[index], out numbers[index]);
        if (!isReport)
        {
            throw new FailureException(FailureKind.NotAnswering, "save: the server answers something unknown",
                "bring it to this version with: persistfs upgrade");
        }
        return new ImageReport
        {
            Uuid = Guid.Parse(words[0]),
            TimesOpened = numbers[1],
            SavedAt = (long)numbers[2],
            ImageBytes = numbers[3],
            DataBytes = numbers[4],
            Passes = (int)numbers[5],
            LongestPause = TimeSpan.FromTicks((long)numbers[6]),
            Elapsed = TimeSpan.FromTicks((long)numbers[7]),
        };
    }

    private static string Text(ulong value) => value.ToString(CultureInfo.InvariantCulture);

    private static bool TryRead(string text, out ulong value) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
