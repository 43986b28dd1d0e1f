using PersistFs.Linux;
using PersistFs.Server.Paths;

namespace PersistFs.Server.Health;

/// <summary>What this machine has for images of a tree, at the place where the units save it.</summary>
/// <param name="Path">The file.</param>
/// <param name="SavedAt">When the image there was saved; null where there is none.</param>
/// <param name="BytesFree">Room beside it; null where that cannot be seen.</param>
public sealed record ImageFacts(string Path, DateTime? SavedAt, ulong? BytesFree)
{
    /// <summary>Where persistfs-save@ and persistfs-kexec save to.</summary>
    private const string Home = "/var/lib/persistfs";

    /// <summary>Looks.</summary>
    /// <param name="mountPoint">The tree.</param>
    public static ImageFacts Read(string mountPoint)
    {
        string path = System.IO.Path.Combine(Home, RuntimePaths.Escape(mountPoint) + ".image");
        DateTime? savedAt = File.Exists(path) ? File.GetLastWriteTimeUtc(path) : null;
        // The units make the directory.
        string? directory = Home;
        while (directory is not null && !Directory.Exists(directory))
        {
            directory = System.IO.Path.GetDirectoryName(directory);
        }
        bool isSeen = Libc.GetFileSystemStatus(directory ?? "/", out FileSystemStatus status) == Errno.OK;
        return new ImageFacts(path, savedAt, isSeen ? status.BlocksAvailable * status.BlockSize : null);
    }
}
