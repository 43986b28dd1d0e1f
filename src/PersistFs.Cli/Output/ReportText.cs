using System.Globalization;
using PersistFs.Engine.Image;
using PersistFs.Server.Settings;

namespace PersistFs.Cli.Output;

/// <summary>A save or restore in a line.</summary>
internal static class ReportText
{
    private const long NanosecondsPerTick = 100;

    public static string Of(ImageReport report)
    {
        DateTime moment = DateTime.UnixEpoch.AddTicks(report.SavedAt / NanosecondsPerTick);
        double seconds = Math.Max(report.Elapsed.TotalSeconds, 0.001);
        double rate = report.DataBytes / seconds / 1e6;
        string size = SizeText.Format(report.DataBytes);
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"the tree as of {moment:yyyy-MM-dd HH:mm:ss} UTC, {size} in {seconds:0.00} s, {rate:0} MB/s");
        return report.LongestPause == TimeSpan.Zero
            ? text
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{text}; clients were held off for {report.LongestPause.TotalMilliseconds:0.0} ms");
    }
}
