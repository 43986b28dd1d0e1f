using System.Runtime.InteropServices;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;

namespace PersistFs.Engine.Check;

/// <summary>Frame 0: both superblocks, both root pages, and what must be zero.</summary>
internal sealed class SuperblockPass
{
    private const int RootReservedStart = 40;
    private const int ChecksumPosition = 4088;
    private const ulong ReservedStart = 0x10000;

    private readonly CheckContext context;
    private readonly bool isSegmented;

    /// <param name="context">What is checked.</param>
    /// <param name="isSegmented">Whether the superblock that counts says that the arena has segments.</param>
    public SuperblockPass(CheckContext context, bool isSegmented)
    {
        this.context = context;
        this.isSegmented = isSegmented;
    }

    public void Run()
    {
        CheckSuperblocks();
        CheckRootPages();
        ulong start = isSegmented ? Layout.SegmentCountOffset + sizeof(ulong) : ReservedStart;
        ReadOnlySpan<byte> reserved = context.Arena.Bytes(
            new ArenaPointer(start), (int)(Layout.SuperblockCopyOffset - start));
        RequireZero(reserved, start, "frame 0", HeaderRepairs.Zero(start, reserved.Length));
        for (int list = 0; list < Layout.PendingListCount; list++)
        {
            ulong head = Layout.PendingListsOffset + (ulong)(list * Layout.PendingListStrideInBytes);
            ReadOnlySpan<byte> rest = context.Arena.Bytes(
                new ArenaPointer(head + sizeof(ulong)), Layout.PendingListStrideInBytes - sizeof(ulong));
            RequireZero(
                rest, head + sizeof(ulong), "the pending lists", HeaderRepairs.Zero(head + sizeof(ulong), rest.Length));
        }
    }

    private void CheckSuperblocks()
    {
        ref readonly Superblock first = ref context.Arena.At<Superblock>(ArenaPointer.Null);
        ref readonly Superblock copy = ref context.Arena.At<Superblock>(new ArenaPointer(Layout.SuperblockCopyOffset));
        bool isFirstGood = CheckSuperblock(in first, "The superblock", ArenaPointer.Null);
        bool isCopyGood = CheckSuperblock(
            in copy, "The copy of the superblock", new ArenaPointer(Layout.SuperblockCopyOffset));
        if (isFirstGood && isCopyGood && !BytesOf(in first).SequenceEqual(BytesOf(in copy)))
            context.Findings.Add(
                FindingKind.Superblock, "The superblock and its copy differ.", HeaderRepairs.Superblocks);
    }

    private bool CheckSuperblock(in Superblock superblock, string name, ArenaPointer position)
    {
        if (superblock.Magic != Layout.Magic || superblock.Checksum != Checksum.Of(in superblock))
        {
            context.Findings.Add(
                FindingKind.Superblock,
                position,
                $"{name} has a wrong magic number or checksum.",
                HeaderRepairs.Superblocks);
            return false;
        }
        RequireZero(
            BytesOf(in superblock)[Superblock.ReservedStart..ChecksumPosition],
            position.Value + Superblock.ReservedStart,
            name,
            HeaderRepairs.Superblocks);
        if (superblock.FrameCountMax != context.Table.FrameCount || superblock.Kind > Superblock.KindFixed)
            context.Findings.Add(
                FindingKind.Superblock,
                position,
                $"{name} has another geometry than the arena, or an unknown kind.",
                HeaderRepairs.Superblocks);
        return true;
    }

    private void CheckRootPages()
    {
        ulong highest = 0;
        for (int index = 0; index < Layout.RootPageCount; index++)
        {
            ref readonly RootPage page = ref RootPages.At(context.Arena, index);
            ReadOnlySpan<byte> bytes = BytesOf(in page);
            // The second page stays zero until the arena is opened for the first time.
            if (!bytes.ContainsAnyExcept((byte)0)) continue;
            ulong position = Layout.RootPageOffset + (ulong)(index * Layout.BlockSizeInBytes);
            if (!RootPages.IsGood(in page))
            {
                context.Findings.Add(
                    FindingKind.RootPage,
                    new ArenaPointer(position),
                    $"Root page {index} has a wrong checksum.",
                    HeaderRepairs.RootPages);
                continue;
            }
            RequireZero(
                bytes[RootReservedStart..ChecksumPosition],
                position + RootReservedStart,
                $"root page {index}",
                HeaderRepairs.RootPages);
            if (page.SessionLast > Layout.SessionMax)
                context.Findings.Add(
                    FindingKind.RootPage,
                    new ArenaPointer(position),
                    $"Root page {index} has session {page.SessionLast}.",
                    HeaderRepairs.RootPages);
            if (page.Generation == highest)
                context.Findings.Add(
                    FindingKind.RootPage,
                    new ArenaPointer(position),
                    "Both root pages have the same generation.",
                    HeaderRepairs.RootPages);
            highest = page.Generation;
        }
        if (highest == 0) context.Findings.Add(FindingKind.RootPage, "There is no good root page.");
    }

    private void RequireZero(ReadOnlySpan<byte> bytes, ulong position, string name, Repair repair)
    {
        int index = bytes.IndexOfAnyExcept((byte)0);
        if (index < 0) return;
        context.Findings.Add(
            FindingKind.Reserved, new ArenaPointer(
                position + (ulong)index), $"Byte 0x{position + (ulong)index:x} of {name} is reserved and not "
                    + $"zero.", repair);
    }

    private static ReadOnlySpan<byte> BytesOf<T>(in T page)
        where T : unmanaged =>
        MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in page, 1));
}
