using Microsoft.Win32.SafeHandles;

namespace PersistFs.Engine.Arenas;

/// <summary>An arena as it is to be opened: by a path, or as a row of segments that are open already.</summary>
public sealed class ArenaSource
{
    /// <param name="path">A file or a device.</param>
    public ArenaSource(string path) => Name = path;

    /// <param name="name">As the operator named it.</param>
    /// <param name="arenaName">What the arena has to say that it is called.</param>
    /// <param name="segments">Open files, the caller's to close; the arena opens them anew for itself.</param>
    /// <param name="store">Makes more of them; null where the arena is only looked at, checked or repaired.</param>
    public ArenaSource(
        string name, string arenaName, IReadOnlyList<SafeFileHandle> segments, SegmentStore? store = null)
    {
        Name = name;
        ArenaName = arenaName;
        Segments = segments;
        Store = store;
    }

    /// <summary>The path, or what else the operator named it by.</summary>
    public string Name { get; }

    internal string ArenaName { get; } = "";

    /// <summary>Null for a path.</summary>
    internal IReadOnlyList<SafeFileHandle>? Segments { get; }

    internal SegmentStore? Store { get; }

    /// <summary>The file or device at a path.</summary>
    public static implicit operator ArenaSource(string path) => new(path);

    public override string ToString() => Name;
}
