using PersistFs.Linux;

namespace PersistFs.Server.Settings;

/// <summary>Sizes of arenas as mount options ask for them.</summary>
public static class ArenaSize
{
    private const ulong SizeUnit = 2UL << 20;

    /// <summary>How far an arena may grow that these options ask for; null where they say nothing of it.</summary>
    public static ulong? Wanted(MountOptions options)
    {
        if (options.SizeInBytes is null && options.SizeMaxInBytes is null) return null;
        ulong size = Math.Max(options.SizeInBytes ?? 0, options.SizeMaxInBytes ?? 0);
        // tmpfs takes a size of 0 for no limit.
        return size == 0 ? MachineMemory.TotalInBytes : size;
    }

    /// <summary>Whether two sizes make the same arena: they are rounded up to 2 MiB.</summary>
    public static bool AreSame(ulong first, ulong second) =>
        first / SizeUnit + (first % SizeUnit == 0 ? 0UL : 1UL) == second / SizeUnit
            + (second % SizeUnit == 0 ? 0UL : 1UL);
}
