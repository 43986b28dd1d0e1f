using System.Globalization;

namespace PersistFs.Server.Health;

/// <summary>The kernel's version as uname(2) has it: what a feature is judged by where nothing better tells.</summary>
public readonly record struct KernelVersion(int Major, int Minor)
{
    /// <summary>The first kernel that sends requests again (FUSE_NOTIFY_RESEND).</summary>
    public static readonly KernelVersion Resend = new(6, 9);

    /// <summary>The kernel that runs.</summary>
    public static KernelVersion Current => Parse(File.ReadAllText("/proc/sys/kernel/osrelease"));

    /// <summary>Reads "6.18.44-cloud" as 6.18; what is no number counts as 0.</summary>
    public static KernelVersion Parse(string release)
    {
        string[] parts = release.Trim().Split('.', '-');
        return new KernelVersion(Number(parts, 0), Number(parts, 1));
    }

    /// <summary>Whether it is <paramref name="other"/> or newer.</summary>
    public bool IsAtLeast(KernelVersion other) => Major > other.Major || (Major == other.Major && Minor >= other.Minor);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");

    private static int Number(string[] parts, int index) =>
        index < parts.Length
            && int.TryParse(parts[index], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number : 0;
}
