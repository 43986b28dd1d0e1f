using PersistFs.Linux;

namespace PersistFs.Engine.Arenas;

/// <summary>From what the operator named to the backing it is.</summary>
internal static class BackingOpener
{
    /// <summary>Opens an existing backing and takes its lock.</summary>
    /// <param name="source">A file, a device or segments.</param>
    /// <param name="waits">Whether to wait, for ever if need be, while it is locked.</param>
    /// <exception cref="ArenaException">
    /// It does not exist, is of the wrong kind, is locked or cannot be opened.
    /// </exception>
    public static Backing Open(ArenaSource source, bool waits = false)
    {
        if (source.Segments is not null) return SegmentedBacking.Open(source, readOnly: false, waits);
        return TryFindDevice(source.Name, out DaxDevice device)
            ? DaxBacking.Open(in device, readOnly: false, waits)
            : FileBacking.Open(source.Name, create: false, readOnly: false, waits);
    }

    /// <summary>Whether a device is named, one that can hold an arena or another.</summary>
    public static bool TryFindDevice(string spec, out DaxDevice device)
    {
        device = DaxDevice.Find(spec);
        return device.State != DaxState.None;
    }
}
