using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Dump;

/// <summary>
/// Says what lies in an arena, for an engineer: as it is, without recovery, and without changing a byte.
/// </summary>
/// <remarks>
/// Reads through read(2), so it works on an arena in use and on a damaged one. No image makes it fail, loop or take
/// memory without bound; what cannot be is shown as it is found.
/// </remarks>
public static class VolumeDump
{
    /// <summary>The nodeid that FUSE has for a root directory.</summary>
    private const ulong RootNodeId = 1;

    /// <summary>Describes the arena at <paramref name="source"/>, or one inode in it.</summary>
    /// <param name="source">The arena.</param>
    /// <param name="options">What to show.</param>
    /// <param name="output">Receives the text.</param>
    /// <exception cref="ArenaException">
    /// It is no arena, one of an unknown format, or there is no such inode. What can be said all the same is written.
    /// </exception>
    public static void Write(ArenaSource source, DumpOptions options, TextWriter output)
    {
        using ArenaReader image = ArenaReader.Open(source);
        Write(image, options, output);
    }

    /// <summary>Describes an arena that is open for reading already.</summary>
    internal static void Write(ArenaReader image, DumpOptions options, TextWriter output)
    {
        var text = new DumpText(output, options.ItemsMax);
        text.Line($"{image.Name} ({image.Kind.Word}), {image.Length} bytes");
        if (image.Owner is { } owner) text.Line($"in use by {owner}: what follows may change while it is read");
        bool isWhole = options.Inode is null && options.Path is null;
        var heads = new HeaderDump(image, text);
        if (isWhole) heads.WriteSuperblocks();
        Superblock superblock = heads.ChooseSuperblock();
        var table = new FrameTableReader(image, in superblock);
        if (!isWhole)
        {
            var inodes = new InodeDump(image, table, text);
            if (options.Path is { } tree) inodes.Write(Find(image, table, in superblock, tree));
            else inodes.Write(NumberOf(image, options.Inode ?? RootNodeId));
            return;
        }
        heads.WriteRootPages();
        new InstanceDump(image, table, text).Write();
        new WorkerDump(image, table, text).Write();
        new FrameDump(image, table, text).Write();
    }

    private static InodeNumber NumberOf(ArenaReader image, ulong number) =>
        number == RootNodeId ? RootOf(image) : new InodeNumber(number);

    private static InodeNumber RootOf(ArenaReader image) =>
        new(image.Read<InstanceRecord>(Layout.InstanceAt(0)).RootInode);

    private static InodeNumber Find(ArenaReader image, FrameTableReader table, in Superblock superblock, string path)
    {
        var finder = new PathFinder(image, table, superblock.HashSeedLow, superblock.HashSeedHigh);
        if (finder.TryFind(RootOf(image), path, out InodeNumber inode, out string missing)) return inode;
        throw new ArenaException(
            ArenaFault.InvalidArgument, $"{image.Name}: the tree has no {missing}",
            "See what is there with persistfs dump ARENA --path /.");
    }
}
