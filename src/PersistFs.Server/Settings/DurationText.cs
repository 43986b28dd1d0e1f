using System.Globalization;

namespace PersistFs.Server.Settings;

/// <summary>Durations as people write them: 10s, 500ms, 5m; a bare number is seconds.</summary>
public static class DurationText
{
    private const double MillisecondsPerSecond = 1000;
    private const double MillisecondsPerMinute = 60_000;

    public static bool TryParse(string text, out TimeSpan duration)
    {
        (string unit, double milliseconds) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => ("ms", 1),
            _ when text.EndsWith('s') => ("s", MillisecondsPerSecond),
            _ when text.EndsWith('m') => ("m", MillisecondsPerMinute),
            _ => ("", MillisecondsPerSecond),
        };
        ReadOnlySpan<char> digits = text.AsSpan(0, text.Length - unit.Length);
        bool isNumber = uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out uint number);
        duration = TimeSpan.FromMilliseconds(number * milliseconds);
        return isNumber;
    }
}
