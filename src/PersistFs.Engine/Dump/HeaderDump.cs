using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;

namespace PersistFs.Engine.Dump;

/// <summary>What stands at the arena's head: both superblocks, both root pages, the owner record.</summary>
internal sealed class HeaderDump
{
    private readonly ArenaReader image;
    private readonly DumpText text;
    private readonly Superblock first;
    private readonly Superblock copy;

    public HeaderDump(ArenaReader image, DumpText text)
    {
        this.image = image;
        this.text = text;
        first = ReadSuperblock(0);
        copy = ReadSuperblock(Layout.SuperblockCopyOffset);
    }

    /// <summary>The superblock that counts.</summary>
    /// <exception cref="ArenaException">None does, or this program does not know the format.</exception>
    public Superblock ChooseSuperblock() => Superblocks.Choose(image.Name, image.Length, in first, in copy);

    public void WriteSuperblocks()
    {
        if (first.Magic != Layout.Magic && copy.Magic != Layout.Magic) return;
        WriteSuperblock("superblock", in first);
        bool isSame = first.Checksum == copy.Checksum && Superblocks.IsGood(in copy) && Superblocks.IsGood(in first);
        if (isSame) text.Line("copy of the superblock: good, the same");
        else WriteSuperblock("copy of the superblock", in copy);
    }

    public void WriteRootPages()
    {
        RootPage[] pages = [ReadRootPage(0), ReadRootPage(1)];
        text.Line("root pages");
        for (int index = 0; index < pages.Length; index++)
        {
            ref readonly RootPage page = ref pages[index];
            ref readonly RootPage other = ref pages[1 - index];
            bool isInForce = RootPages.IsGood(in page)
                && (!RootPages.IsGood(in other) || page.Generation > other.Generation
                    || index == 0 && page.Generation == other.Generation);
            string good = isInForce ? "in force" : "good";
            string bad = page.Generation == 0 ? "empty" : "wrong checksum";
            string state = RootPages.IsGood(in page) ? good : bad;
            text.Item(
                $"{index}: {state}; generation {page.Generation}, session {page.SessionLast}, opened "
                    + $"{page.TimesOpened} times, flags 0x{page.Flags:x}, written {DumpText.Time(page.WrittenAt)}");
        }
        Span<byte> owner = stackalloc byte[128];
        image.Read(new ArenaPointer(Layout.OwnerRecordOffset), owner);
        int end = owner.IndexOf((byte)0);
        text.Line($"owner record: {NameText.Of(end < 0 ? owner : owner[..end])}");
    }

    private void WriteSuperblock(string name, in Superblock superblock)
    {
        string bad = superblock.Magic == Layout.Magic ? "wrong checksum" : "wrong magic";
        string state = Superblocks.IsGood(in superblock) ? "good" : bad;
        text.Line($"{name}: {state}");
        text.Item(
            $"uuid {DumpText.Uuid(superblock.Uuid)}, version {superblock.Version}, revision {superblock.Revision}, "
                + $"formatted {DumpText.Time(superblock.FormattedAt)}");
        text.Item(
            $"features: compatible 0x{superblock.FeaturesCompatible:x}, read-only compatible "
                + $"0x{superblock.FeaturesReadOnlyCompatible:x}, incompatible 0x{superblock.FeaturesIncompatible:x}");
        string kind = superblock.Kind switch
        {
            Superblock.KindDynamic => "dynamic",
            Superblock.KindFixed => "fixed",
            _ => $"unknown kind {superblock.Kind}",
        };
        text.Item(
            $"{kind}: {superblock.FrameCountMax} frames of {superblock.FrameSizeInBytes} bytes, room for "
                + $"{superblock.FrameTableCapacity} in the frame table");
        if (!superblock.IsSegmented) return;
        ulong count = image.Read<ulong>(new ArenaPointer(Layout.SegmentCountOffset));
        ReadOnlySpan<byte> called = superblock.Name;
        string shown = NameText.Of(called[..Math.Max(called.IndexOf((byte)0), 0)]);
        text.Item($"memfd:{shown}: {count} segments of {superblock.SegmentFrameCount} frames each");
    }

    /// <summary>All zero where the backing is too short to hold one.</summary>
    private Superblock ReadSuperblock(ulong offset) =>
        offset + Layout.BlockSizeInBytes <= image.Length ? image.Read<Superblock>(new ArenaPointer(offset)) : default;

    private RootPage ReadRootPage(int index) =>
        image.Read<RootPage>(new ArenaPointer(Layout.RootPageOffset + (ulong)index * Layout.BlockSizeInBytes));
}
