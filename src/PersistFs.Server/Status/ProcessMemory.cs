using System.Globalization;

namespace PersistFs.Server.Status;

/// <summary>What this process costs beside the arena.</summary>
internal static class ProcessMemory
{
    private const ulong PageSizeInBytes = 4096;

    /// <summary>Resident bytes that are not shared: the arena is mapped shared and so not among them.</summary>
    public static ulong PrivateBytes()
    {
        // Pages: size, resident, resident and shared (proc(5)).
        string[] fields = File.ReadAllText("/proc/self/statm").Split(' ');
        ulong resident = ulong.Parse(fields[1], CultureInfo.InvariantCulture);
        ulong shared = ulong.Parse(fields[2], CultureInfo.InvariantCulture);
        return (resident - Math.Min(resident, shared)) * PageSizeInBytes;
    }
}
