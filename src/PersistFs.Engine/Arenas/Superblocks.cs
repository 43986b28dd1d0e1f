using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Arenas;

/// <summary>
/// The superblock and its copy: which of them counts, and whether this program can read what it describes.
/// </summary>
internal static class Superblocks
{
    private const ulong KnownReadOnlyCompatible = 0;
    private const ulong KnownIncompatible = Superblock.FeatureSegments;

    /// <summary>The superblock that counts, of a backing of which nothing is mapped yet.</summary>
    /// <exception cref="ArenaException">
    /// It is no arena, is damaged, of another length or of an unknown format, or cannot be mapped.
    /// </exception>
    public static Superblock Read(Backing backing)
    {
        if (backing.Length < Layout.FrameSizeInBytes || backing.Length % Layout.FrameSizeInBytes != 0)
        {
            // An arena that lost its end still begins like one.
            bool isCut = backing.TryReadStart(out ulong magic) && magic == Layout.Magic;
            throw isCut ? WrongSize(backing.Name, backing.Length, "and was cut off") : NotAnArena(backing.Name);
        }
        Errno error = backing.Reserve(0, Layout.FrameSizeInBytes);
        if (error != Errno.OK) throw backing.CannotBeMapped(error);
        error = backing.MapHead(out nint address);
        if (error != Errno.OK) throw backing.CannotBeMapped(error);
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
    public static Superblock Choose(string name, ulong length, in Superblock first, in Superblock copy)
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
    public static bool TryChooseGood(in Superblock first, in Superblock copy, out Superblock chosen)
    {
        bool isFirstGood = IsGood(in first);
        bool isCopyGood = IsGood(in copy);
        chosen = isFirstGood && (!isCopyGood || first.Revision >= copy.Revision) ? first : copy;
        return isFirstGood || isCopyGood;
    }

    /// <summary>As above, of the superblocks in a mapped first frame.</summary>
    public static Superblock Choose(string name, ulong length, Arena start) => Choose(
        name, length, in start.At<Superblock>(ArenaPointer.Null),
        in start.At<Superblock>(new ArenaPointer(Layout.SuperblockCopyOffset)));

    /// <summary>Whether it has the magic and a checksum that fits; nothing else is looked at.</summary>
    public static bool IsGood(in Superblock superblock) =>
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

    public static ArenaException NotAnArena(string name) => new(
        ArenaFault.NotAnArena, $"{name} is not an arena of PersistFS.",
        "Check the path; an arena is made with persistfs format at a path where nothing is yet.");

    private static ArenaException WrongSize(string name, ulong length, string contrast) => new(
        ArenaFault.WrongSize, $"{name} is {length} bytes long, {contrast}.",
        "Restore the whole file; it was truncated or extended.");
}
