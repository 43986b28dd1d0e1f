using System.Globalization;

namespace PersistFs.Server.Paths;

/// <summary>Names the kernel that runs: another number after every boot, and after kexec.</summary>
public static class BootIdentity
{
    private const string BootTimeKey = "btime ";

    public static Guid Current => Guid.Parse(File.ReadAllText("/proc/sys/kernel/random/boot_id"));

    /// <summary>When it began, to the second, by the clock as it is set now; null where that is unknown.</summary>
    public static DateTimeOffset? BeganAt
    {
        get
        {
            string? line = File.ReadLines("/proc/stat")
                .FirstOrDefault(line => line.StartsWith(BootTimeKey, StringComparison.Ordinal));
            return line is not null
                && long.TryParse(line.AsSpan(BootTimeKey.Length), CultureInfo.InvariantCulture, out long seconds)
                    ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
        }
    }
}
