using System.Text.Json;

namespace PersistFs.Server.Control;

/// <summary>One line of the socket's protocol: words in a JSON array, so that a word may be any text.</summary>
internal static class ControlLine
{
    /// <summary>The most bytes in a line, its end included.</summary>
    public const int LengthMax = 64 * 1024;

    private const byte End = (byte)'\n';

    /// <summary>The line with its end.</summary>
    public static byte[] Encode(params string[] words) =>
        [.. JsonSerializer.SerializeToUtf8Bytes(words, ControlJson.Default.StringArray), End];

    /// <summary>Reads words from a line without its end.</summary>
    /// <returns>False when it is no array of strings, or an empty one.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> line, out string[] words)
    {
        words = [];
        try
        {
            words = JsonSerializer.Deserialize(line, ControlJson.Default.StringArray) ?? [];
        }
        catch (JsonException)
        {
            return false;
        }
        return words.Length > 0 && Array.TrueForAll(words, word => word is not null);
    }
}
