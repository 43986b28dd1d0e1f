using PersistFs.Server.Failures;

namespace PersistFs.Server.Arenas;

/// <summary>An arena in memory without a path: memfd:NAME, or memfd:NAME,hugetlb.</summary>
/// <param name="Name">What it is called, on this machine and to its next kernel.</param>
/// <param name="IsHuge">Whether it takes reserved huge pages, which do not outlive the kernel.</param>
public readonly record struct MemfdName(string Name, bool IsHuge)
{
    private const string Prefix = "memfd:";
    private const string HugeOption = "hugetlb";

    /// <summary>The sessions of a live update are named after it, and their names have 63 bytes.</summary>
    private const int NameLengthMax = 40;

    /// <summary>Whether an arena is named in this way.</summary>
    public static bool IsMemory(string? spec) => spec?.StartsWith(Prefix, StringComparison.Ordinal) == true;

    /// <exception cref="FailureException">Usage: the name or the option cannot be.</exception>
    public static MemfdName Parse(string spec)
    {
        string[] parts = spec[Prefix.Length..].Split(',');
        bool isName = parts[0].Length is >= 1 and <= NameLengthMax
            && parts[0].All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-');
        if (!isName)
        {
            throw new FailureException(FailureKind.Usage, $"{spec}: \"{parts[0]}\" cannot be the name of an arena",
                $"name it by 1 to {NameLengthMax} letters, digits, dots, dashes or underscores");
        }
        if (parts.Length == 1) return new MemfdName(parts[0], IsHuge: false);
        if (parts is [_, HugeOption]) return new MemfdName(parts[0], IsHuge: true);
        throw new FailureException(FailureKind.Usage, $"{spec}: an arena in memory has no such option",
            $"write {Prefix}{parts[0]} or {Prefix}{parts[0]},{HugeOption}");
    }

    /// <summary>Without options, as it is shown.</summary>
    public override string ToString() => Prefix + Name;
}
