using System.Diagnostics;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Volumes;
using PersistFs.Linux;
using PersistFs.Server.Failures;
using PersistFs.Server.Settings;
using PersistFs.Server.Status;

namespace PersistFs.Server.Arenas;

/// <summary>Opens the volume of an arena, and makes the arena first where there is none.</summary>
public static class VolumeAccess
{
    /// <summary>Opens the volume at <paramref name="place"/>.</summary>
    /// <param name="place">Where the arena lies or shall lie.</param>
    /// <param name="mount">Options for an arena that has to be made.</param>
    /// <param name="lockWait">How long to wait for a server that is just ending.</param>
    /// <param name="isNew">Whether the arena was made.</param>
    /// <exception cref="FailureException">The arena cannot be made or opened; nothing was changed.</exception>
    public static Volume Open(ArenaPlace place, MountOptions mount, TimeSpan lockWait, out bool isNew)
    {
        isNew = false;
        try
        {
            if (VolumeFormatter.IsKnownEmpty(place.Spec))
            {
                Make(place, mount);
                isNew = true;
            }
            return OpenFree(place.Spec, mount, lockWait);
        }
        catch (ArenaException exception)
        {
            throw FailureException.FromArena(exception);
        }
    }

    /// <summary>
    /// Opens the volume of a connection that is taken over: there has to be one, and its server may still hold it.
    /// </summary>
    /// <param name="source">The arena.</param>
    /// <param name="mount">Options of the mount.</param>
    /// <param name="lockWait">How long to wait for the server that has it; infinite for the one before us.</param>
    /// <exception cref="FailureException">It cannot be opened; nothing was changed.</exception>
    public static Volume OpenInherited(ArenaSource source, MountOptions mount, TimeSpan lockWait)
    {
        try
        {
            return Volume.Open(
                source, new VolumeOptions { LockWait = lockWait, InodeCountMax = mount.InodeCountMax });
        }
        catch (ArenaException exception)
        {
            throw FailureException.FromArena(exception);
        }
    }

    /// <summary>Refuses, of an arena that may be in use, what opening it would refuse of its format.</summary>
    /// <exception cref="FailureException">It is no arena, or one of a format that is unknown here.</exception>
    public static void RequireKnownFormat(ArenaSource source)
    {
        try
        {
            Volume.RequireKnownFormat(source);
        }
        catch (ArenaException exception)
        {
            throw FailureException.FromArena(exception);
        }
    }

    /// <summary>Makes an arena with an empty tree.</summary>
    /// <param name="place">Where.</param>
    /// <param name="mount">What it and its root directory are to be like.</param>
    /// <param name="force">Whether to overwrite whatever is there.</param>
    /// <exception cref="FailureException">There is something already, or no room.</exception>
    public static void Format(ArenaPlace place, MountOptions mount, bool force)
    {
        try
        {
            if (VolumeFormatter.IsKnownEmpty(place.Spec)) Make(place, mount);
            else VolumeFormatter.Format(place.Spec, Describe(place, mount) with { Force = force });
        }
        catch (ArenaException exception)
        {
            throw FailureException.FromArena(exception);
        }
    }

    private static void Make(ArenaPlace place, MountOptions mount)
    {
        FormatOptions format = Describe(place, mount);
        if (File.Exists(place.Spec))
        {
            VolumeFormatter.Format(place.Spec, format);
            return;
        }
        string directory = Path.GetDirectoryName(Path.GetFullPath(place.Spec)) ?? "/";
        if (!Directory.Exists(directory))
        {
            throw new FailureException(FailureKind.ArenaNotFound,
                $"{place.Spec}: there is no directory {directory} to make an arena in",
                $"make it with: mkdir -p {directory}");
        }
        // An arena appears under its name when it is whole: a killed formatter leaves nothing that looks like one.
        string unfinished = place.Spec + ".new";
        try
        {
            VolumeFormatter.Format(unfinished, format with { Force = true });
        }
        catch (ArenaException exception)
        {
            string message = exception.Message.Replace(unfinished, place.Spec, StringComparison.Ordinal);
            throw new ArenaException(exception.Fault, message, exception.NextStep);
        }
        File.Move(unfinished, place.Spec, overwrite: false);
    }

    internal static FormatOptions Describe(ArenaPlace place, MountOptions mount) => new()
    {
        SizeMax = place.SizeMaxInBytes,
        IsFixed = mount.IsFixed,
        InodeCountMax = mount.InodeCountMax,
        RootMode = mount.RootMode ?? DefaultRootMode,
        RootUserId = mount.RootUserId ?? Libc.EffectiveUserId(),
        RootGroupId = mount.RootGroupId ?? Libc.EffectiveGroupId(),
    };

    /// <summary>As tmpfs: everybody may make files, and remove his own.</summary>
    private const uint DefaultRootMode = 0x3FF;

    /// <summary>Waits for a server that is just ending, but not for one that serves, or has just begun to.</summary>
    private static Volume OpenFree(string path, MountOptions mount, TimeSpan lockWait)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            RequireNotServed(path);
            TimeSpan left = lockWait - Stopwatch.GetElapsedTime(start);
            bool isLast = left <= LookAgain;
            try
            {
                return Volume.Open(path, new VolumeOptions
                {
                    LockWait = isLast ? left > TimeSpan.Zero ? left : TimeSpan.Zero : LookAgain,
                    InodeCountMax = mount.InodeCountMax,
                });
            }
            catch (ArenaException exception) when (exception.Fault == ArenaFault.InUse && !isLast)
            {
                // The process that has its lock may serve it by now.
            }
        }
    }

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    /// <summary>A server that is well and serves is not waited for.</summary>
    internal static void RequireNotServed(string path)
    {
        if (StatusClient.Find(path) is not { ProcessId: { } processId, State: not ServerState.Stopping } owner)
        {
            return;
        }
        throw new FailureException(FailureKind.ArenaInUse,
            $"{path}: in use: process {processId} serves the arena on {owner.MountPoint}",
            $"end that with: persistfs down {owner.MountPoint}, or mount the tree in another place as well with: "
                + $"persistfs mount {path} MNT");
    }
}
