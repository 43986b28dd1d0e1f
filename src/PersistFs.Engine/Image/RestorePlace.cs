using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Image;

/// <summary>
/// Where an arena is restored: a file that takes its name when it is whole, or a device, which has no second place.
/// </summary>
internal static class RestorePlace
{
    private const string UnfinishedSuffix = ".new";

    /// <summary>An arena holds everybody's files.</summary>
    private const uint OwnerOnly = 0x180;

    /// <summary>Makes the arena in a file; one of that name stays as it is until then.</summary>
    /// <param name="path">The arena.</param>
    /// <param name="force">Whether to replace one that is not empty.</param>
    /// <param name="reader">The image.</param>
    /// <param name="restorer">Fills what it is given.</param>
    /// <exception cref="ArenaException">It is in use, not empty, there is no room, or the image is damaged.</exception>
    public static ImageReport InFile(string path, bool force, ImageReader reader, ImageRestorer restorer)
    {
        if (Libc.ResolvePath(path, out string resolved) == Errno.OK) path = resolved;
        // Its lock is kept until the new one has its name: nobody begins to serve what is about to go.
        using FileBacking? old = Path.Exists(path) ? FileBacking.Open(path, create: false) : null;
        if (old is not null && !force && !old.IsKnownEmpty()) throw old.NotEmpty();
        string unfinished = path + UnfinishedSuffix;
        FileBacking file = FileBacking.Open(unfinished, create: true);
        Backing arena = file;
        try
        {
            arena = file.Clear(reader.Header.FrameCountMax << Layout.FrameSizeLog2);
            ImageReport report = restorer.Fill(arena);
            TakeOverPermissions(old, file);
            Publish(unfinished, path);
            return report;
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
        finally
        {
            arena.Dispose();
        }
    }

    /// <summary>Makes the arena where it is. What is there stays until the whole image was looked at.</summary>
    /// <param name="path">A device.</param>
    /// <param name="force">Whether to overwrite what is not known to be empty.</param>
    /// <param name="reader">The image.</param>
    /// <param name="restorer">Fills what it is given.</param>
    /// <exception cref="ArenaException">It is in use, not empty, too small, or the image is damaged.</exception>
    public static ImageReport InPlace(string path, bool force, ImageReader reader, ImageRestorer restorer)
    {
        Backing place = BackingOpener.DriverOf(path).OpenPlace(path);
        try
        {
            ulong length = reader.Header.FrameCountMax << Layout.FrameSizeLog2;
            if (place.IsFixed && length > place.Length)
            {
                throw new ArenaException(
                    ArenaFault.WrongSize,
                    $"{place.Name} has {place.Length} bytes that can be used, and the arena {length}.",
                    "Name a device of that size, or a file.");
            }
            if (!force && !place.IsKnownEmpty()) throw place.NotEmpty();
            restorer.Verify();
            place = place.Clear(length);
            return restorer.Fill(place);
        }
        finally
        {
            place.Dispose();
        }
    }

    /// <summary>
    /// The new arena gets the permissions of the one it replaces; where there was none, only its owner may open it.
    /// </summary>
    private static void TakeOverPermissions(FileBacking? old, FileBacking file)
    {
        Errno error = old is null
            ? Libc.ChangeMode(file.Handle, OwnerOnly)
            : Libc.CopyPermissions(old.Handle, file.Handle);
        // EPERM: a user has replaced another user's arena, and the new one stays private.
        if (error is Errno.OK or Errno.EPERM) return;
        throw new ArenaException(
            ArenaFault.InputOutput, $"{file.Name}: its permissions cannot be set: {error}.",
            "Look into the kernel's log (dmesg).");
    }

    private static void Publish(string unfinished, string path)
    {
        Errno error = Libc.Rename(unfinished, path);
        if (error == Errno.OK) error = ImageTarget.SynchronizeDirectory(path);
        if (error == Errno.OK) return;
        throw new ArenaException(
            ArenaFault.InputOutput, $"{path} cannot be replaced: {error}.", "Look into the kernel's log (dmesg).");
    }
}
