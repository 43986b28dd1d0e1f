namespace PersistFs.Server.Health;

/// <summary>What this machine has of memory that outlives a kernel.</summary>
/// <param name="Devices">DAX devices, as /dev/dax0.0.</param>
/// <param name="BlockDevices">Regions that have no DAX device, as pmem0: namespaces of another mode.</param>
/// <param name="HasRegions">Whether a driver has found reserved memory at all.</param>
/// <param name="MemoryStart">First byte of the largest range of ordinary memory; 0 where it cannot be seen.</param>
/// <param name="MemoryEnd">The byte after its last.</param>
public sealed record DaxFacts(
    IReadOnlyList<string> Devices, IReadOnlyList<string> BlockDevices, bool HasRegions, ulong MemoryStart,
    ulong MemoryEnd)
{
    /// <summary>Looks into sysfs and /proc/iomem; what cannot be read is not there.</summary>
    public static DaxFacts Read()
    {
        string[] regions = Names("/sys/bus/nd/devices", "region");
        (ulong start, ulong end) = LargestMemory(Lines("/proc/iomem"));
        return new DaxFacts(
            [.. Names("/sys/bus/dax/devices", "dax").Select(name => "/dev/" + name)],
            Names("/sys/class/block", "pmem"), regions.Length > 0, start, end);
    }

    /// <summary>The largest range that /proc/iomem calls System RAM; zeros where it hides addresses.</summary>
    internal static (ulong Start, ulong End) LargestMemory(IEnumerable<string> lines)
    {
        (ulong Start, ulong End) largest = (0, 0);
        foreach (string line in lines)
        {
            string[] parts = line.Split(" : ", 2);
            if (parts.Length != 2 || parts[1].Trim() != "System RAM" || line.StartsWith(' ')) continue;
            string[] range = parts[0].Split('-');
            if (range.Length != 2 || !TryHex(range[0], out ulong start) || !TryHex(range[1], out ulong last)) continue;
            if (last > start && last + 1 - start > largest.End - largest.Start) largest = (start, last + 1);
        }
        return largest;
    }

    private static bool TryHex(string text, out ulong value) => ulong.TryParse(
        text.Trim(), System.Globalization.NumberStyles.AllowHexSpecifier,
        System.Globalization.CultureInfo.InvariantCulture, out value);

    private static string[] Names(string directory, string prefix)
    {
        if (!Directory.Exists(directory)) return [];
        return [.. Directory.EnumerateFileSystemEntries(directory, prefix + "*").Select(Path.GetFileName)
            .OfType<string>().Order(StringComparer.Ordinal)];
    }

    private static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
