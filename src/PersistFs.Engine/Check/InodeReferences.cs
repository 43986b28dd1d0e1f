using PersistFs.Engine.Format;

namespace PersistFs.Engine.Check;

/// <summary>
/// What the check has learnt of each inode: names found, and a few marks. Room for a frame's inodes at a time.
/// </summary>
internal sealed class InodeReferences
{
    private const int InodesPerFrame = Layout.FrameSizeInBytes / InodeRecord.SizeInBytes;

    private readonly FrameMap<Page> pages;

    public InodeReferences(uint frameCount) => pages = new FrameMap<Page>(frameCount);

    [Flags]
    public enum Marks : byte
    {
        None = 0,

        /// <summary>A pending list leads to it.</summary>
        Listed = 1,

        /// <summary>A directory from which the way up ends at a root.</summary>
        Connected = 2,

        /// <summary>A directory from which it does not.</summary>
        Detached = 4,

        /// <summary>The root directory of an instance.</summary>
        Root = 8,
    }

    private sealed class Page
    {
        public readonly uint[] Names = new uint[InodesPerFrame];
        public readonly Marks[] Marks = new Marks[InodesPerFrame];
    }

    public uint NamesOf(InodeNumber inode) => pages[inode.Record.Frame]?.Names[IndexOf(inode)] ?? 0;

    public void AddName(InodeNumber inode)
    {
        ref uint names = ref PageOf(inode).Names[IndexOf(inode)];
        if (names != uint.MaxValue) names++;
    }

    public Marks MarksOf(InodeNumber inode) => pages[inode.Record.Frame]?.Marks[IndexOf(inode)] ?? Marks.None;

    public void Mark(InodeNumber inode, Marks marks) => PageOf(inode).Marks[IndexOf(inode)] |= marks;

    private Page PageOf(InodeNumber inode) => pages[inode.Record.Frame] ??= new Page();

    private static int IndexOf(InodeNumber inode) =>
        (int)(inode.Record.Value & (Layout.FrameSizeInBytes - 1)) / InodeRecord.SizeInBytes;
}
