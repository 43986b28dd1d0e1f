using PersistFs.Engine.Arenas;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;

namespace PersistFs.Engine.Image;

/// <summary>Saves a volume to an image, and restores an arena from one.</summary>
public static class VolumeImage
{
    /// <summary>Writes the state of a volume that nobody else uses: no operation runs, and none begins.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="target">
    /// Where to. The image is whole and on its device when this returns; to publish it is the caller's.
    /// </param>
    /// <param name="progress">Told now and then how far it is, on the calling thread.</param>
    /// <param name="cancellation">Ends the save early.</param>
    /// <exception cref="ArenaException">No room, or the device fails.</exception>
    /// <exception cref="OperationCanceledException">It was ended early.</exception>
    public static ImageReport SaveIdle(
        Volume volume, ImageTarget target, Action<ImageProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        using var saver = new VolumeSaver(volume, target, progress, cancellation);
        return saver.SaveIdle();
    }

    /// <summary>
    /// Writes the state that a volume has at one moment while clients go on to change it; they are held off around
    /// that moment, for milliseconds.
    /// </summary>
    /// <remarks>Saves of several volumes of one process follow each other.</remarks>
    /// <param name="volume">The volume.</param>
    /// <param name="target">
    /// Where to. The image is whole and on its device when this returns; to publish it is the caller's.
    /// </param>
    /// <param name="progress">Told now and then how far it is, on the calling thread.</param>
    /// <param name="cancellation">Ends the save early.</param>
    /// <exception cref="ArenaException">
    /// No room, the device fails, or clients change more than can be copied behind them.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was ended early.</exception>
    public static ImageReport SaveLive(
        Volume volume, ImageTarget target, Action<ImageProgress>? progress = null,
        CancellationToken cancellation = default) =>
        SaveLive(volume, target, settle: null, progress, cancellation);

    /// <summary>As above, of a moment after something was done.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="target">Where to, as above.</param>
    /// <param name="settle">
    /// Called once, before the moment is chosen, when little is left to be copied: what is done in it is in the image.
    /// </param>
    /// <param name="progress">Told now and then how far it is, on the calling thread.</param>
    /// <param name="cancellation">Ends the save early.</param>
    /// <exception cref="ArenaException">As above.</exception>
    /// <exception cref="OperationCanceledException">It was ended early.</exception>
    public static ImageReport SaveLive(
        Volume volume, ImageTarget target, Action? settle, Action<ImageProgress>? progress,
        CancellationToken cancellation)
    {
        using var saver = new VolumeSaver(volume, target, progress, cancellation);
        return saver.SaveLive(settle);
    }

    /// <summary>
    /// Makes an arena from an image. What is at its place stays as it is until the whole image was looked at; a file
    /// stays until the new one takes its name.
    /// </summary>
    /// <param name="image">A file or block device with an image.</param>
    /// <param name="arena">Where the arena shall be.</param>
    /// <param name="force">Whether to replace an arena that is there; never one in use.</param>
    /// <param name="progress">Told now and then how far it is, on the calling thread.</param>
    /// <param name="cancellation">Ends the restore early.</param>
    /// <exception cref="ArenaException">
    /// The image is none, damaged or of an unknown format; the arena is in use or not empty; there is no room.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was ended early.</exception>
    public static ImageReport Restore(
        string image, string arena, bool force, Action<ImageProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        using var reader = ImageReader.Open(image);
        using var restorer = new ImageRestorer(reader, progress, cancellation);
        return BackingOpener.DriverOf(arena).RestoresInPlace
            ? RestorePlace.InPlace(arena, force, reader, restorer)
            : RestorePlace.InFile(arena, force, reader, restorer);
    }
}
