using System.Globalization;

namespace PersistFs.Server.Settings;

/// <summary>Sizes as people write them: "512M", "4G", "50%" of memory.</summary>
public static class SizeText
{
    private const string Suffixes = "KMGTPE";

    /// <summary>
    /// Reads a size in bytes: digits, then K, M, G, T, P or E of 1024 (with "B" or "iB" if you like).
    /// </summary>
    /// <param name="text">What was written.</param>
    /// <param name="memoryInBytes">What "100%" stands for; 0 where a percentage means nothing.</param>
    /// <param name="sizeInBytes">The size; 0 when it cannot be read.</param>
    public static bool TryParse(string text, ulong memoryInBytes, out ulong sizeInBytes)
    {
        sizeInBytes = 0;
        int digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits])) digits++;
        if (!ulong.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
        {
            return false;
        }
        string unit = text[digits..].ToUpperInvariant();
        if (unit == "%")
        {
            if (memoryInBytes == 0 || number > 100) return false;
            sizeInBytes = (ulong)((UInt128)memoryInBytes * number / 100);
            return true;
        }
        int shift = 0;
        if (unit.Length > 0 && Suffixes.Contains(unit[0]))
        {
            shift = 10 * (Suffixes.IndexOf(unit[0]) + 1);
            unit = unit[1..];
            if (unit == "IB") unit = "";
        }
        if (unit is not ("" or "B")) return false;
        if (number > ulong.MaxValue >> shift) return false;
        sizeInBytes = number << shift;
        return true;
    }

    /// <summary>Writes a size for people: at most three digits and a unit, as in "1.5 GiB".</summary>
    public static string Format(ulong sizeInBytes)
    {
        if (sizeInBytes < 1024) return string.Create(CultureInfo.InvariantCulture, $"{sizeInBytes} B");
        double value = sizeInBytes;
        int unit = -1;
        while (value >= 999.5 && unit + 1 < Suffixes.Length)
        {
            value /= 1024;
            unit++;
        }
        string format = value < 9.95 ? "0.#" : "0";
        return $"{value.ToString(format, CultureInfo.InvariantCulture)} {Suffixes[unit]}iB";
    }
}
