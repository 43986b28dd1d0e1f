using PersistFs.Engine.Arenas;
using PersistFs.Engine.Dump;
using PersistFs.Engine.Testing.Crash;
using PersistFs.Testing;

namespace PersistFs.Engine.Testing.Corruption;

/// <summary>Dumps a damaged arena as it is: the whole of it, or an inode that a path leads to.</summary>
internal static class DumpWalk
{
    private static readonly DumpOptions[] Views =
    [
        new(), new() { Inode = 1 }, new() { Path = "/many" }, new() { Path = "/few" }, new() { Path = "/few/10" },
        new() { Path = "/few/200000" }, new() { Path = "/few/sparse" }, new() { Path = "/few/long link" },
    ];

    /// <summary>One of the views, as the seed has it.</summary>
    public static unsafe void Run(SnapshotBacking snapshot, SeededRandom random)
    {
        using var stream = new UnmanagedMemoryStream((byte*)snapshot.Address, (long)snapshot.Length);
        using var image = new ArenaReader(snapshot.Name, snapshot.Kind, stream);
        try
        {
            VolumeDump.Write(image, random.Pick(Views), TextWriter.Null);
        }
        catch (Exception exception) when (exception is ArenaException or ArenaCorruptException)
        {
            // An error in words is what damage should give.
        }
    }
}
