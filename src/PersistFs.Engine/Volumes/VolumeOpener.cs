using System.Diagnostics;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>
/// From a file to an open volume: lock, identity, geometry, recovery. Constant time, however many files.
/// </summary>
internal static class VolumeOpener
{
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(20);

    /// <exception cref="ArenaException">The file is no arena, or not one that can be opened now.</exception>
    public static Volume Open(ArenaSource source, VolumeOptions options)
    {
        Backing backing = WaitForLock(source, options.LockWait);
        try
        {
            Superblock superblock = Superblocks.Read(backing);
            return Map(backing, in superblock, options);
        }
        catch (ArenaCorruptException exception)
        {
            backing.Dispose();
            throw new ArenaException(
                ArenaFault.Corrupt, $"{source.Name} is damaged: {exception.Message}",
                "Look at it with persistfs check; restore it from a saved image.");
        }
        catch (ArenaException)
        {
            backing.Dispose();
            throw;
        }
    }

    /// <summary>Opens an arena whose backing is at hand already. The volume owns the backing from here on.</summary>
    internal static Volume Open(Backing backing, VolumeOptions options)
    {
        Errno error = backing.Map(isPrivate: false, out nint address);
        if (error != Errno.OK) throw backing.CannotBeMapped(error);
        var start = new Arena(address, Layout.FrameSizeInBytes);
        Superblock superblock = Superblocks.Choose(backing.Name, backing.Length, start);
        return Serve(backing, address, in superblock, options);
    }

    /// <summary>
    /// Refuses what <see cref="Open(ArenaSource, VolumeOptions)"/> would refuse of the format; locks and changes
    /// nothing.
    /// </summary>
    /// <exception cref="ArenaException">The file is no arena, or one of a format that is not known here.</exception>
    public static void RequireKnownFormat(ArenaSource source)
    {
        using ArenaReader image = ArenaReader.Open(source);
        if (image.Length < Layout.FrameSizeInBytes) throw Superblocks.NotAnArena(source.Name);
        Superblock first = image.Read<Superblock>(ArenaPointer.Null);
        Superblock copy = image.Read<Superblock>(new ArenaPointer(Layout.SuperblockCopyOffset));
        _ = Superblocks.Choose(source.Name, image.Length, in first, in copy);
    }

    private static Backing WaitForLock(ArenaSource source, TimeSpan wait)
    {
        if (wait == Timeout.InfiniteTimeSpan) return BackingOpener.Open(source, waits: true);
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return BackingOpener.Open(source);
            }
            catch (ArenaException exception) when (exception.Fault == ArenaFault.InUse
                && Stopwatch.GetElapsedTime(start) < wait)
            {
                Thread.Sleep(LockPoll);
            }
        }
    }

    private static Volume Map(Backing backing, in Superblock superblock, VolumeOptions options)
    {
        Errno error = backing.Map(isPrivate: false, out nint address);
        if (error != Errno.OK) throw backing.CannotBeMapped(error);
        return Serve(backing, address, in superblock, options);
    }

    private static Volume Serve(Backing backing, nint address, in Superblock superblock, VolumeOptions options)
    {
        long started = Stopwatch.GetTimestamp();
        var arena = new Arena(address, backing.Length);
        var table = new FrameTable(arena, superblock.FrameCountMax, superblock.FrameTableCapacity);
        if (!table.WordOf(0).IsUsed(FrameType.System))
        {
            throw new ArenaCorruptException("Frame 0 is not what it must be.");
        }
        BackingAudit.ReservePresentFrames(backing, table);
        _ = RootPages.Read(arena);
        var space = new Space(arena, backing, table);
        RecoveryReport report = space.Open();
        var volume = new Volume(backing, space, in superblock,
            report with { Milliseconds = Stopwatch.GetElapsedTime(started).TotalMilliseconds });
        volume.DefaultTree.RequireRoot();
        OwnerRecord.Write(arena);
        volume.NoteOpened();
        if (options.InodeCountMax != 0) volume.DefaultTree.LimitInodes(options.InodeCountMax);
        return volume;
    }
}
