using System.Text;

namespace PersistFs.Engine.Format;

/// <summary>Bytes of a name as people can read them, whatever they are.</summary>
internal static class NameText
{
    private const int LengthMax = 255;

    /// <summary>The name in quotation marks; bytes that are not printable ASCII as \xNN.</summary>
    public static string Of(ReadOnlySpan<byte> name)
    {
        var text = new StringBuilder("\"", name.Length + 2);
        foreach (byte character in name[..Math.Min(name.Length, LengthMax)])
        {
            if (character is >= 0x20 and < 0x7F and not (byte)'"' and not (byte)'\\') text.Append((char)character);
            else text.Append("\\x").Append(character.ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
        }
        return text.Append('"').ToString();
    }
}
