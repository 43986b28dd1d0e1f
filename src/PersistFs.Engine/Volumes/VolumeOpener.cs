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
    private const ulong KnownReadOnlyCompatible = 0;
    private const ulong KnownIncompatible = Superblock.FeatureSegments;
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(20);

    /// <exception cref="ArenaException">The file is no arena, or not one that can be opened now.</exception>
    public static Volume Open(ArenaSource source, VolumeOptions options)
    {
        Backing backing = WaitForLock(source, options.LockWait);
        try
        {
            Superblock superblock = ReadSuperblock(backing);
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
        if (error != Errno.OK) throw InputOutput(backing, error);
        Superblock superblock = Choose(backing.Name, backing.Length, new Arena(address, Layout.FrameSizeInBytes));
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
        if (image.Length < Layout.FrameSizeInBytes) throw NotAnArena(source.Name);
        Superblock first = image.Read<Superblock>(ArenaPointer.Null);
        Superblock copy = image.Read<Superblock>(new ArenaPointer(Layout.SuperblockCopyOffset));
        _ = Choose(source.Name, image.Length, in first, in copy);
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

    internal static Superblock ReadSuperblock(Backing backing)
    {
        if (backing.Length < Layout.FrameSizeInBytes || backing.Length % Layout.FrameSizeInBytes != 0)
        {
            // An arena that lost its end still begins like one.
            bool isCut = backing.TryReadStart(out ulong magic) && magic == Layout.Magic;
            throw isCut ? WrongSize(backing.Name, backing.Length, "and was cut off") : NotAnArena(backing.Name);
        }
        Errno error = backing.Reserve(0, Layout.FrameSizeInBytes);
        if (error != Errno.OK) throw InputOutput(backing, error);
        error = backing.MapHead(out nint address);
        if (error != Errno.OK) throw InputOutput(backing, error);
        try
        {
            return Choose(backing.Name, backing.Length, new Arena(address, Layout.FrameSizeInBytes));
        }
        finally
        {
            _ = Libc.Unmap(address, Layout.FrameSizeInBytes);
        }
    }

    /// <summary>Of the two superblocks the one that counts, if this program can read what it describes.</summary>
    /// <param name="name">The arena as the operator named it.</param>
    /// <param name="length">Bytes of its backing.</param>
    /// <param name="first">What lies where the superblock should be.</param>
    /// <param name="copy">What lies where its copy should be.</param>
    /// <exception cref="ArenaException">
    /// It is no arena, is damaged, of another length or of an unknown format.
    /// </exception>
    internal static Superblock Choose(string name, ulong length, in Superblock first, in Superblock copy)
    {
        if (!TryChooseGood(in first, in copy, out Superblock superblock))
        {
            if (first.Magic != Layout.Magic && copy.Magic != Layout.Magic) throw NotAnArena(name);
            throw new ArenaException(ArenaFault.Corrupt, $"{name}: neither superblock has a good checksum.",
                "Restore it from a saved image.");
        }
        RequireKnown(name, in superblock);
        RequireGeometry(name, length, in superblock);
        return superblock;
    }

    /// <summary>
    /// Of two superblocks the one that counts, if any does; nothing in it but its checksum is looked at.
    /// </summary>
    internal static bool TryChooseGood(in Superblock first, in Superblock copy, out Superblock chosen)
    {
        bool isFirstGood = IsGood(in first);
        bool isCopyGood = IsGood(in copy);
        chosen = isFirstGood && (!isCopyGood || first.Revision >= copy.Revision) ? first : copy;
        return isFirstGood || isCopyGood;
    }

    private static Superblock Choose(string name, ulong length, Arena start) => Choose(
        name, length, in start.At<Superblock>(ArenaPointer.Null),
        in start.At<Superblock>(new ArenaPointer(Layout.SuperblockCopyOffset)));

    private static Volume Map(Backing backing, in Superblock superblock, VolumeOptions options)
    {
        Errno error = backing.Map(isPrivate: false, out nint address);
        if (error != Errno.OK) throw InputOutput(backing, error);
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
        volume.RequireRoot();
        OwnerRecord.Write(arena);
        volume.NoteOpened(options);
        return volume;
    }

    internal static bool IsGood(in Superblock superblock) =>
        superblock.Magic == Layout.Magic && superblock.Checksum == Checksum.Of(in superblock);

    private static void RequireKnown(string name, in Superblock superblock)
    {
        bool isKnown = superblock.Version == Layout.Version && superblock.FrameSizeInBytes == Layout.FrameSizeInBytes
            && (superblock.FeaturesIncompatible & ~KnownIncompatible) == 0
            && (superblock.FeaturesReadOnlyCompatible & ~KnownReadOnlyCompatible) == 0;
        if (isKnown) return;
        throw new ArenaException(
            ArenaFault.UnsupportedFormat,
            $"{name} has format version {superblock.Version} with features {superblock.FeaturesIncompatible:x}; "
                + $"this program knows version {Layout.Version}.",
            "Use the version of persistfs that wrote it, or a newer one.");
    }

    private static void RequireGeometry(string name, ulong length, in Superblock superblock)
    {
        ulong frames = superblock.FrameCountMax;
        ulong capacity = superblock.FrameTableCapacity;
        bool isSound = frames is >= Layout.FrameCountMin and <= Layout.FrameCountLimit && capacity >= frames
            && capacity is >= Layout.FrameTableCapacityMin and <= Layout.FrameCountLimit && ulong.IsPow2(capacity)
            && FrameTable.FramesOf(capacity) < frames;
        if (!isSound)
        {
            throw new ArenaException(
                ArenaFault.Corrupt, $"{name} claims an impossible geometry.", "Restore it from a saved image.");
        }
        if (length != frames << Layout.FrameSizeLog2)
        {
            throw WrongSize(name, length, $"but the arena has {frames << Layout.FrameSizeLog2}");
        }
    }

    private static ArenaException NotAnArena(string name) => new(
        ArenaFault.NotAnArena, $"{name} is not an arena of PersistFS.",
        "Check the path; an arena is made with persistfs format at a path where nothing is yet.");

    private static ArenaException WrongSize(string name, ulong length, string contrast) => new(
        ArenaFault.WrongSize, $"{name} is {length} bytes long, {contrast}.",
        "Restore the whole file; it was truncated or extended.");

    private static ArenaException InputOutput(Backing file, Errno error) => new(
        error is Errno.ENOMEM or Errno.ENOSPC ? ArenaFault.NoSpace : ArenaFault.InputOutput,
        $"{file.Name} ({file.Kind}) cannot be mapped: {error}.",
        "Free memory or huge pages, or raise vm.nr_hugepages.");
}
