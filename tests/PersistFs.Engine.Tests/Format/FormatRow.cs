using System.Globalization;

namespace PersistFs.Engine.Tests.Format;

/// <summary>One row of a <see cref="FormatTable"/>.</summary>
/// <param name="Start">Offset, first bit or value.</param>
/// <param name="Length">Bytes or bits; 0 for a value, or if the row goes on up to the next.</param>
/// <param name="Name">The field, part, member or constant; <see cref="Reserved"/> or <see cref="NoName"/>.</param>
internal readonly record struct FormatRow(ulong Start, ulong Length, string Name)
{
    /// <summary>In place of a name: nothing is there.</summary>
    public const string Reserved = "reserved";

    /// <summary>In place of the name of a constant: there is none.</summary>
    public const string NoName = "-";

    private const string UpToTheNext = "...";

    public ulong End => Start + Length;

    public static FormatRow Parse(string line, FormatTableKind kind)
    {
        string[] cells = [.. line.Split('|').Select(cell => cell.Trim())];
        switch (kind)
        {
            case FormatTableKind.Bits:
                ulong[] bits = [.. cells[1].Split('-').Select(Number)];
                return new FormatRow(bits[0], bits[^1] - bits[0] + 1, cells[2]);
            case FormatTableKind.Values:
                return new FormatRow(Number(cells[1]), 0, cells[2]);
            default:
                return new FormatRow(Number(cells[1]), Size(cells[2]), cells[3]);
        }
    }

    private static ulong Size(string text)
    {
        if (text == UpToTheNext) return 0;
        string[] words = text.Split(' ');
        ulong unit = words.Length == 1 ? 1 : words[1] == "KiB" ? 1024UL : throw new FormatException(text);
        return Number(words[0]) * unit;
    }

    private static ulong Number(string text) => text.StartsWith("0x", StringComparison.Ordinal)
        ? ulong.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
        : ulong.Parse(text, CultureInfo.InvariantCulture);
}
