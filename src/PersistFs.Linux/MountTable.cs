using System.Text;

namespace PersistFs.Linux;

/// <summary>The mounts that this process sees.</summary>
public static class MountTable
{
    /// <summary>Reads /proc/self/mountinfo; a later mount on the same place hides an earlier one.</summary>
    public static IReadOnlyList<MountEntry> Read() => Parse(File.ReadAllLines("/proc/self/mountinfo"));

    /// <summary>The mount that is visible at exactly <paramref name="mountPoint"/>, or null.</summary>
    public static MountEntry? Find(string mountPoint) => Read().LastOrDefault(entry => entry.MountPoint == mountPoint);

    /// <summary>Takes lines of mountinfo apart; a line that is not one is left out.</summary>
    public static IReadOnlyList<MountEntry> Parse(IEnumerable<string> lines)
    {
        List<MountEntry> entries = [];
        foreach (string line in lines)
        {
            // 36 35 98:0 /root /mount/point options optional... - type source super-options
            string[] fields = line.Split(' ');
            int separator = Array.IndexOf(fields, "-", Math.Min(6, fields.Length));
            if (separator < 0 || separator + 3 >= fields.Length) continue;
            entries.Add(new MountEntry(
                fields[2], Unescape(fields[3]), Unescape(fields[4]), fields[5],
                fields[separator + 1], Unescape(fields[separator + 2]), fields[separator + 3]));
        }
        return entries;
    }

    /// <summary>
    /// Undoes the kernel's escapes: a backslash and three octal digits for space, tab, newline, backslash.
    /// </summary>
    private static string Unescape(string text)
    {
        if (!text.Contains('\\')) return text;
        byte[] source = Encoding.UTF8.GetBytes(text);
        List<byte> bytes = new(source.Length);
        for (int i = 0; i < source.Length; i++)
        {
            bool isEscape = source[i] == '\\' && i + 3 < source.Length && IsOctal(source[i + 1])
                && IsOctal(source[i + 2]) && IsOctal(source[i + 3]);
            if (isEscape)
            {
                bytes.Add((byte)(((source[i + 1] - '0') << 6) | ((source[i + 2] - '0') << 3) | (source[i + 3] - '0')));
                i += 3;
            }
            else
            {
                bytes.Add(source[i]);
            }
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static bool IsOctal(byte digit) => digit is >= (byte)'0' and <= (byte)'7';
}
