using System.Globalization;
using PersistFs.Server.Failures;
using PersistFs.Server.Status;

namespace PersistFs.Server.Kexec;

/// <summary>
/// One pkram= on the kernel command line: which arena is to be taken up, as PKRAM named its root page.
/// </summary>
/// <param name="Arena">The arena: a device or another path.</param>
/// <param name="MountPoint">Where to mount it; null for where it says itself.</param>
public sealed record PkramParameter(string Arena, string? MountPoint)
{
    private const string DevicesDirectory = "/sys/bus/dax/devices";

    /// <summary>
    /// Reads ARENA or ARENA,MNT. ARENA may be the physical address where a DAX device begins: 0x20200000.
    /// </summary>
    /// <exception cref="FailureException">ArenaNotFound: no device begins there. Usage: it is neither.</exception>
    public static PkramParameter Parse(string text)
    {
        string[] parts = text.Split(',', 2);
        string arena = parts[0].StartsWith("0x", StringComparison.Ordinal) ? DeviceAt(parts[0]) : parts[0];
        string? mountPoint = parts.Length == 2 ? parts[1] : null;
        if (!Path.IsPathRooted(arena) && !arena.StartsWith("memfd:", StringComparison.Ordinal))
        {
            throw new FailureException(FailureKind.Usage, $"pkram={text}: \"{arena}\" is no arena",
                "write it as pkram=/dev/dax0.0 or pkram=/dev/dax0.0,/mnt/pkram on the kernel command line");
        }
        if (mountPoint is null || Path.IsPathRooted(mountPoint)) return new PkramParameter(arena, mountPoint);
        throw new FailureException(FailureKind.Usage, $"pkram={text}: \"{mountPoint}\" is no absolute path",
            "write it as pkram=/dev/dax0.0,/mnt/pkram on the kernel command line");
    }

    /// <summary>
    /// Parameters with which the next kernel's command line names trees that it finds in memory, and does not name yet.
    /// </summary>
    /// <param name="trees">The trees.</param>
    /// <param name="commandLine">The command line so far.</param>
    public static IEnumerable<string> Missing(
        IEnumerable<(StatusReport Report, RoutePlan Plan)> trees, KernelCommandLine commandLine)
    {
        HashSet<string> named = [.. commandLine.ValuesOf("pkram").Select(value => value.Split(',', 2)[0])];
        foreach ((StatusReport report, RoutePlan plan) in trees)
        {
            bool isInMemory = plan.Route is KexecRoute.Dax or KexecRoute.LiveUpdate;
            string text = $"{report.Arena},{report.MountPoint}";
            bool canBeSaid = !text.Any(character => char.IsWhiteSpace(character) || character == '"');
            if (isInMemory && canBeSaid && !named.Contains(report.Arena)) yield return "pkram=" + text;
        }
    }

    private static string DeviceAt(string address)
    {
        bool isNumber = ulong.TryParse(
            address.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong wanted);
        bool hasDevices = isNumber && Directory.Exists(DevicesDirectory);
        string[] devices = hasDevices ? Directory.GetDirectories(DevicesDirectory) : [];
        foreach (string device in devices)
        {
            if (TryReadAddress(Path.Combine(device, "resource"), out ulong found) && found == wanted)
            {
                return "/dev/" + Path.GetFileName(device);
            }
        }
        throw new FailureException(FailureKind.ArenaNotFound, $"pkram={address}: no DAX device begins at this address",
            $"see those there are: grep . {DevicesDirectory}/*/resource; memmap= has to be that of the kernel before");
    }

    private static bool TryReadAddress(string file, out ulong address)
    {
        address = 0;
        try
        {
            string text = File.ReadAllText(file).Trim();
            return text.StartsWith("0x", StringComparison.Ordinal) && ulong.TryParse(
                text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out address);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
