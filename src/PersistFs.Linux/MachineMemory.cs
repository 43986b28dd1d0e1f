using System.Globalization;

namespace PersistFs.Linux;

/// <summary>What /proc/meminfo says (proc(5)).</summary>
public static class MachineMemory
{
    /// <summary>MemTotal: bytes of memory the kernel manages.</summary>
    public static ulong TotalInBytes => Value("MemTotal:");

    private static ulong Value(string key)
    {
        foreach (string line in File.ReadLines("/proc/meminfo"))
        {
            if (!line.StartsWith(key, StringComparison.Ordinal)) continue;
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return ulong.Parse(fields[1], CultureInfo.InvariantCulture) * 1024;
        }
        return 0;
    }
}
