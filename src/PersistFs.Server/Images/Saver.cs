using PersistFs.Engine.Arenas;
using PersistFs.Engine.Image;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Server.Arenas;
using PersistFs.Server.Control;
using PersistFs.Server.Failures;
using PersistFs.Server.Memfd;
using PersistFs.Server.Mounts;
using PersistFs.Server.Paths;
using PersistFs.Server.Status;

namespace PersistFs.Server.Images;

/// <summary>Saves a tree, served or not, to an image, and restores an arena from one.</summary>
public static class Saver
{
    /// <summary>
    /// Writes an image. Of a tree that is served its server does it, to a file that is opened and named here: where the
    /// server may open files, and what it sees of them, does not matter.
    /// </summary>
    /// <param name="target">A mount point, or an arena that nobody serves.</param>
    /// <param name="file">Where the image goes: a file or a block device, as an absolute path.</param>
    /// <param name="force">Whether to replace what is no image of this arena.</param>
    /// <param name="progress">Told now and then how far it is.</param>
    /// <param name="cancellation">Ends the save early; what was at <paramref name="file"/> stays.</param>
    /// <exception cref="FailureException">It cannot be saved; what was at <paramref name="file"/> stays.</exception>
    public static ImageReport Save(
        string target, string file, bool force, Action<ImageProgress>? progress, CancellationToken cancellation)
    {
        if (StatusClient.Find(target) is { MountPoint: not null } served)
            return SaveServed(served, file, force, settle: null, progress, cancellation);
        string path = Libc.ResolvePath(target, out string resolved) == Errno.OK ? resolved : target;
        if (Directory.Exists(path) || MountTable.Find(path) is not null)
        {
            throw new FailureException(FailureKind.NotMounted, $"{target}: no server of this user answers for it",
                $"start one with: persistfs up {target}, or name an arena");
        }
        return Guard(file, () => SaveIdle(target, file, force, progress, cancellation));
    }

    /// <summary>Writes an image of a tree that is frozen at its end: what comes after the image, waits.</summary>
    /// <param name="served">The tree.</param>
    /// <param name="file">Where the image goes: a file or a block device, as an absolute path.</param>
    /// <param name="settle">Called when little is left to be copied; to freeze the tree.</param>
    /// <param name="progress">Told now and then how far it is.</param>
    /// <exception cref="FailureException">It cannot be saved; what was at <paramref name="file"/> stays.</exception>
    public static ImageReport SaveFrozen(
        StatusReport served, string file, Action settle, Action<ImageProgress>? progress) =>
        SaveServed(served, file, force: false, settle, progress, CancellationToken.None);

    /// <summary>Makes an arena from an image.</summary>
    /// <param name="file">The image.</param>
    /// <param name="arena">Where the arena shall be.</param>
    /// <param name="force">Whether to replace an arena that is there; never one that is served.</param>
    /// <param name="progress">Told now and then how far it is.</param>
    /// <param name="cancellation">Ends the restore early; what was at <paramref name="arena"/> stays.</param>
    /// <exception cref="FailureException">It cannot be restored.</exception>
    public static ImageReport Restore(
        string file, string arena, bool force, Action<ImageProgress>? progress, CancellationToken cancellation)
    {
        if (MemfdName.IsMemory(arena))
        {
            throw new FailureException(FailureKind.Usage,
                $"{arena}: an image is not restored to memory that nobody keeps: it would be gone with this program",
                "restore it to a file on a tmpfs, and serve that: persistfs up MNT --arena FILE");
        }
        VolumeAccess.RequireNotServed(arena);
        RequireNotMounted(arena);
        return Guard(arena, () => VolumeImage.Restore(file, arena, force, progress, cancellation));
    }

    private static ImageReport SaveServed(
        StatusReport served, string file, bool force, Action? settle, Action<ImageProgress>? progress,
        CancellationToken cancellation)
    {
        string mountPoint = served.MountPoint!;
        RequireOutside(mountPoint, file);
        return Guard(file, () =>
        {
            using ImageTarget target = ImageTarget.Open(file, Guid.Parse(served.Uuid), force);
            string[] order = settle is null ? [ControlVerb.Save, file] : [ControlVerb.Save, file, ControlVerb.Settle];
            IReadOnlyList<string> report = ControlClient.Order(
                mountPoint, order, OnProgress, descriptor: target.Descriptor);
            cancellation.ThrowIfCancellationRequested();
            target.Publish();
            return SaveLines.Decode(report);
        });

        void OnProgress(IReadOnlyList<string> words)
        {
            cancellation.ThrowIfCancellationRequested();
            if (words is [ControlVerb.Settle]) settle?.Invoke();
            if (SaveLines.TryDecode(words, out ImageProgress step)) progress?.Invoke(step);
        }
    }

    private static ImageReport SaveIdle(
        string arena, string file, bool force, Action<ImageProgress>? progress, CancellationToken cancellation)
    {
        using Volume volume = Volume.Open(ArenaFinder.Find(arena), new VolumeOptions());
        using ImageTarget target = ImageTarget.Open(file, volume.GetStatistics().Uuid, force);
        ImageReport report = VolumeImage.SaveIdle(volume, target, progress, cancellation);
        target.Publish();
        return report;
    }

    /// <summary>An image in the tree that it is of would grow by being written.</summary>
    private static void RequireOutside(string mountPoint, string file)
    {
        string directory = Path.GetDirectoryName(file) ?? "/";
        bool isInside = Libc.GetStatus(mountPoint, out FileStatus tree) == Errno.OK
            && Libc.GetStatus(directory, out FileStatus place) == Errno.OK && place.Device == tree.Device;
        if (!isInside) return;
        throw new FailureException(FailureKind.Usage, $"{file}: lies in the tree that is to be saved",
            "name a file outside of it");
    }

    /// <summary>While no server runs, its mount may still wait for the next one.</summary>
    private static void RequireNotMounted(string arena)
    {
        string path = Libc.ResolvePath(arena, out string resolved) == Errno.OK ? resolved : arena;
        MountEntry? mount = MountTable.Read().FirstOrDefault(
            entry => entry.Type == MountPoint.FileSystemType && entry.Source == path);
        if (mount is null) return;
        throw new FailureException(FailureKind.ArenaInUse, $"{arena}: is mounted on {mount.MountPoint}",
            $"end that with: persistfs down {mount.MountPoint}");
    }

    private static ImageReport Guard(string subject, Func<ImageReport> work)
    {
        try
        {
            return work();
        }
        catch (ArenaException exception)
        {
            throw FailureException.FromArena(exception);
        }
        catch (ArenaCorruptException exception)
        {
            throw new FailureException(FailureKind.ArenaCorrupt, exception.Message.TrimEnd('.'),
                "look at the arena with: persistfs check");
        }
        catch (OperationCanceledException)
        {
            throw new FailureException(FailureKind.Interrupted, $"{subject}: interrupted; what was there is as it was",
                "start it again");
        }
    }
}
