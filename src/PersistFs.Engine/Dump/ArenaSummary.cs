using System.Numerics;
using System.Runtime.InteropServices;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Volumes;

namespace PersistFs.Engine.Dump;

/// <summary>
/// An arena's numbers as they lie in it: read from outside, without recovery and without changing a byte.
/// </summary>
/// <remarks>Where a process died, what the next one will undo or finish is counted as it is now.</remarks>
public sealed record ArenaSummary
{
    /// <summary>The arena's identity, as in <see cref="VolumeStatistics.Uuid"/>.</summary>
    public required Guid Uuid { get; init; }

    /// <summary>The backing as the operator named it.</summary>
    public required string BackingName { get; init; }

    /// <summary>Kind of the backing.</summary>
    public required BackingKind BackingKind { get; init; }

    /// <summary>The process that has the arena's lock; null if none has.</summary>
    public required string? Owner { get; init; }

    /// <summary>Bytes of blocks that hold contents or structures.</summary>
    public required ulong BytesAllocated { get; init; }

    /// <summary>Bytes of memory behind the arena: all frames that are present, free ones too.</summary>
    public required ulong BytesPresent { get; init; }

    /// <summary>Bytes of blocks when the arena is grown to its most.</summary>
    public required ulong BytesMax { get; init; }

    /// <summary>The size the arena was formatted with, rounded up to 2 MiB.</summary>
    public required ulong SizeMax { get; init; }

    /// <summary>Inodes in use, orphans included.</summary>
    public required ulong InodesUsed { get; init; }

    /// <summary>Inodes at most; 0 for no limit.</summary>
    public required ulong InodesMax { get; init; }

    /// <summary>How many times it was opened to be served or checked.</summary>
    public required ulong TimesOpened { get; init; }

    /// <summary>Number of the session served last.</summary>
    public required ulong Session { get; init; }

    /// <summary>Servers that took that session over from another.</summary>
    public required ulong TakeOvers { get; init; }

    /// <summary>
    /// Transactions that a dead process has left open or half freed: the next opening undoes or finishes them.
    /// </summary>
    public required int TransactionsInFlight { get; init; }

    /// <summary>
    /// Where and how a server has mounted it last, see <see cref="Volume.StoreMountRecord"/>; null if none has kept
    /// that.
    /// </summary>
    public required byte[]? MountRecord { get; init; }

    /// <summary>Reads the arena at <paramref name="source"/>, in use or not.</summary>
    /// <exception cref="ArenaException">
    /// It is no arena, is damaged where the numbers lie, or cannot be read.
    /// </exception>
    public static ArenaSummary Read(ArenaSource source)
    {
        using ArenaReader image = ArenaReader.Open(source);
        try
        {
            return Read(image);
        }
        catch (ArenaCorruptException exception)
        {
            throw new ArenaException(
                ArenaFault.Corrupt, $"{source.Name} is damaged: {exception.Message}",
                "Look at it with persistfs check.");
        }
    }

    private static ArenaSummary Read(ArenaReader image)
    {
        Superblock superblock = new HeaderDump(image, new DumpText(TextWriter.Null, 0)).ChooseSuperblock();
        var table = new FrameTableReader(image, in superblock);
        (ulong present, ulong allocated) = CountBlocks(table);
        (long inodes, int inFlight) = ReadWorkers(image, table);
        InstanceRecord instance = image.Read<InstanceRecord>(Layout.InstanceAt(0));
        ReadOnlySpan<byte> uuid = MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in superblock.Uuid, 1));
        ulong dataFrames = superblock.FrameCountMax - table.SystemFrameCount;
        return new ArenaSummary
        {
            Uuid = new Guid(uuid, bigEndian: true),
            BackingName = image.Name,
            BackingKind = image.Kind,
            Owner = image.Owner,
            BytesAllocated = allocated << Layout.BlockSizeLog2,
            BytesPresent = present << Layout.FrameSizeLog2,
            BytesMax = dataFrames * Layout.UsableBlocksPerFrame << Layout.BlockSizeLog2,
            SizeMax = dataFrames + 1 << Layout.FrameSizeLog2,
            InodesUsed = (ulong)Math.Max(0, inodes),
            InodesMax = instance.InodeCountMax,
            TimesOpened = ReadRoot(image).TimesOpened,
            Session = instance.Session,
            TakeOvers = instance.TakeOvers,
            TransactionsInFlight = inFlight,
            MountRecord = ReadMountRecord(image),
        };
    }

    /// <summary>Frames with memory, and blocks taken in those that are not the frame table's.</summary>
    private static (ulong Present, ulong Allocated) CountBlocks(FrameTableReader table)
    {
        ulong present = 0;
        ulong allocated = 0;
        foreach ((_, FrameDescriptor descriptor) in table.All())
        {
            var word = new FrameWord(descriptor.StateWord);
            if (word.State is not (FrameState.Free or FrameState.Used)) continue;
            present++;
            if (word.State == FrameState.Free || word.Type == FrameType.System) continue;
            allocated += word.Type == FrameType.Blocks ? BlocksTaken(in descriptor) : Layout.UsableBlocksPerFrame;
        }
        return (present, allocated);
    }

    private static ulong BlocksTaken(in FrameDescriptor descriptor)
    {
        int count = 0;
        foreach (ulong word in (ReadOnlySpan<ulong>)descriptor.Blocks) count += BitOperations.PopCount(word);
        return (ulong)Math.Max(0, count - Layout.DescriptorBlocksPerFrame);
    }

    private static (long Inodes, int InFlight) ReadWorkers(ArenaReader image, FrameTableReader table)
    {
        long inodes = 0;
        int inFlight = 0;
        for (int slot = 0; slot < Layout.WorkerSlotCount; slot++)
        {
            ulong frame = image.Read<ulong>(new ArenaPointer(Layout.WorkerTableOffset + (ulong)slot * sizeof(ulong)));
            if (frame == 0 || frame >= table.FrameCount || !table.WordOf((uint)frame).IsUsed(FrameType.Worker))
            {
                continue;
            }
            WorkerHeader header = image.Read<WorkerHeader>(ArenaPointer.OfFrame((uint)frame));
            inodes += header.Inodes[0];
            var word = new JournalWord(header.JournalState);
            if (word.UndoCount != 0 || word.FreeCount != 0) inFlight++;
        }
        return (inodes, inFlight);
    }

    private static byte[]? ReadMountRecord(ArenaReader image)
    {
        byte[] manifest = new byte[Layout.ManifestSizeInBytes];
        image.Read(new ArenaPointer(Layout.ManifestOffset), manifest);
        return Manifest.Find(manifest, ManifestEntry.TypeMount);
    }

    private static RootPage ReadRoot(ArenaReader image)
    {
        RootPage first = image.Read<RootPage>(new ArenaPointer(Layout.RootPageOffset));
        RootPage second = image.Read<RootPage>(new ArenaPointer(Layout.RootPageOffset + Layout.BlockSizeInBytes));
        return RootPages.Choose(in first, in second);
    }
}
