using System.Numerics;
using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Engine.Structures;
using PersistFs.Engine.Transactions;
using PersistFs.Linux;

namespace PersistFs.Engine.Volumes;

/// <summary>Makes an arena with an empty tree.</summary>
/// <remarks>
/// The copy of the superblock is written last but one and the superblock last, over pages invalidated first. A killed
/// formatter therefore leaves either no arena or a whole one.
/// </remarks>
public static class VolumeFormatter
{
    /// <summary>Arenas of at least this size can be resized up to 2 TiB; smaller ones up to 16 GiB.</summary>
    private const ulong LargeCapacitySizeMin = 1UL << 30;
    private const ulong LargeCapacity = 1UL << 20;

    /// <summary>Formats the file or device at <paramref name="path"/>; a file is made if it does not exist.</summary>
    /// <exception cref="ArenaException">It holds something, is in use, or there is no room.</exception>
    public static void Format(string path, FormatOptions options)
    {
        if (options.SizeMax < FormatOptions.SizeMin)
        {
            throw new ArenaException(
                ArenaFault.InvalidArgument, $"An arena of {options.SizeMax} bytes is too small.",
                "Choose a size of 16M or more.");
        }
        bool existed = File.Exists(path);
        try
        {
            using Backing place = BackingOpener.DriverOf(path).OpenPlace(path);
            Format(place, options);
        }
        catch (ArenaException) when (!existed)
        {
            File.Delete(path);
            throw;
        }
    }

    /// <summary>
    /// Whether <paramref name="path"/> is known to hold no data: nothing is there, a file that no byte was ever written
    /// to, or a device that reads as zero where it matters. Such a place may be formatted without a question.
    /// </summary>
    /// <exception cref="ArenaException">It is a device that cannot hold an arena, or one in use.</exception>
    public static bool IsKnownEmpty(string path) => BackingOpener.DriverOf(path).IsKnownEmpty(path);

    /// <summary>
    /// Bytes that an arena at <paramref name="path"/> can have, where its backing says that, as a device does; else
    /// null.
    /// </summary>
    /// <exception cref="ArenaException">It is a device that cannot hold an arena.</exception>
    public static ulong? FixedSize(string path) => BackingOpener.DriverOf(path).FixedSize(path);

    /// <summary>Formats a backing that is open: all of it, or as much as is asked for.</summary>
    /// <exception cref="ArenaException">It holds something, or has less than is asked for.</exception>
    internal static void Format(Backing place, FormatOptions options)
    {
        if (!options.Force && !place.IsKnownEmpty()) throw place.NotEmpty();
        Superblock superblock = place.IsFixed
            ? DescribeWithin(place.Name, place.Length >> Layout.FrameSizeLog2, options)
            : Describe(options);
        Backing arena = place.Clear(superblock.FrameCountMax << Layout.FrameSizeLog2);
        Write(arena, in superblock, options with { IsFixed = options.IsFixed || place.IsFixed });
    }

    /// <summary>Makes an arena in segments; the first is given into keeping by the caller, once this returns.</summary>
    /// <param name="name">As the operator named it.</param>
    /// <param name="arenaName">What the arena says that it is called: at most 63 bytes of ASCII.</param>
    /// <param name="store">Makes the segments.</param>
    /// <param name="options">What it is to be like.</param>
    /// <exception cref="ArenaException">There is no memory for it.</exception>
    public static void Format(string name, string arenaName, SegmentStore store, FormatOptions options)
    {
        Superblock superblock = DescribeSegments(arenaName, options);
        using SegmentedBacking segments = SegmentedBacking.Create(name, store, in superblock);
        Errno error = segments.Map(isPrivate: false, out nint address);
        if (error != Errno.OK) throw OutOfMemory(segments, error);
        RequireRoom(segments, 0, Layout.FrameSizeInBytes);
        segments.StoreCount();
        Fill(new Arena(address, segments.Length), segments, in superblock, options);
    }

    /// <summary>
    /// Segments are as many as fit under the limit and no smaller than they need be; the table is all in the first.
    /// </summary>
    internal static Superblock DescribeSegments(string arenaName, FormatOptions options)
    {
        ulong frames = (options.SizeMax + Layout.FrameSizeInBytes - 1) >> Layout.FrameSizeLog2;
        ulong segment = Math.Max(
            Layout.SegmentFrameCountMin, BitOperations.RoundUpToPowerOf2((frames - 1) / Layout.SegmentCountMax + 1));
        frames = (frames + segment - 1) / segment * segment;
        ulong capacity = Math.Max(Layout.FrameTableCapacityMin, BitOperations.RoundUpToPowerOf2(frames));
        if (capacity > Layout.FrameCountLimit)
        {
            throw new ArenaException(
                ArenaFault.InvalidArgument, $"An arena of {options.SizeMax} bytes is too large.",
                "Choose a smaller size.");
        }
        Superblock superblock = Describe(frames, capacity, options.IsFixed);
        superblock.FeaturesIncompatible |= Superblock.FeatureSegments;
        superblock.SegmentFrameCount = segment;
        superblock.Name = ArenaNameField.Of(arenaName);
        superblock.Checksum = Checksum.Of(in superblock);
        return superblock;
    }

    /// <summary>
    /// Writes an empty tree to a backing that has the arena's length, and a first frame that reads as zero.
    /// </summary>
    internal static void Write(Backing backing, in Superblock superblock, FormatOptions options)
    {
        RequireRoom(backing, 0, Layout.FrameSizeInBytes);
        Errno error = backing.Map(isPrivate: false, out nint address);
        if (error != Errno.OK) throw OutOfMemory(backing, error);
        try
        {
            Fill(new Arena(address, backing.Length), backing, in superblock, options);
        }
        finally
        {
            _ = Libc.Unmap(address, (nuint)backing.Length);
        }
    }

    private static void Fill(Arena arena, Backing backing, in Superblock superblock, FormatOptions options)
    {
        RootPages.Write(arena, default);
        var table = new FrameTable(arena, superblock.FrameCountMax, superblock.FrameTableCapacity);
        table.SetWord(0, new FrameWord(FrameState.Used, FrameType.System));
        var space = new Space(arena, backing, table);
        space.Open();
        if (options.IsFixed) Populate(space, backing);
        CreateRoot(space, options);
        Store.BulkStructure(ref arena.Target<Superblock>(new ArenaPointer(Layout.SuperblockCopyOffset)), in superblock);
        Store.BulkStructure(ref arena.Target<Superblock>(ArenaPointer.Null), in superblock);
    }

    private static void CreateRoot(Space space, FormatOptions options)
    {
        Worker worker = space.AttachWorker(0);
        var inodes = new InodeTable(space);
        long now = Libc.FileTimeNow();
        using Transaction transaction = worker.Begin();
        if (!transaction.TryReserve(1, SpaceLevel.Acknowledged))
            throw new ArenaException(
                ArenaFault.NoSpace, "There is no memory for the root directory.", "Give the arena more memory.");
        InodeNumber root = inodes.Create(transaction, new InodeRecord
        {
            Mode = ModeBits.Directory | options.RootMode & ModeBits.PermissionMask,
            LinkCount = 2,
            UserId = options.RootUserId,
            GroupId = options.RootGroupId,
            AccessTime = now,
            ModificationTime = now,
            ChangeTime = now,
            BirthTime = now,
            Generation = worker.NextGeneration(),
            ContentsWord = ContentsWord.Create(ContentsKind.Directory, InstanceTable.DefaultSlot).Value,
        });
        transaction.Set(in space.Arena.At<InodeRecord>(root.Record).Parent, root.Value);
        ref readonly InstanceRecord instance = ref InstanceTable.At(space.Arena, InstanceTable.DefaultSlot);
        transaction.Set(in instance.InodeCountMax, options.InodeCountMax);
        transaction.Set(in instance.RootInode, root.Value);
        transaction.Commit();
    }

    private static void Populate(Space space, Backing backing)
    {
        while (space.Allocator.Supply.AbsentFrames > 0)
        {
            Errno error = space.Allocator.Supply.TryGrow();
            if (error != Errno.OK) throw OutOfMemory(backing, error);
        }
    }

    internal static Superblock Describe(FormatOptions options)
    {
        ulong dataFrames = (options.SizeMax + Layout.FrameSizeInBytes - 1) >> Layout.FrameSizeLog2;
        ulong capacity = Math.Max(Layout.FrameTableCapacityMin, BitOperations.RoundUpToPowerOf2(dataFrames * 2));
        if (options.SizeMax >= LargeCapacitySizeMin) capacity = Math.Max(capacity, LargeCapacity);
        // Frames past the first that the table takes are an address range until they are needed; they come on top.
        ulong frames = dataFrames + FrameTable.FramesOf(capacity) - 1;
        if (frames > Math.Min(capacity, Layout.FrameCountLimit))
            throw new ArenaException(ArenaFault.InvalidArgument, $"An arena of {options.SizeMax} bytes is too large.",
                "Choose a smaller size.");
        return Describe(frames, capacity, options.IsFixed);
    }

    /// <summary>
    /// An arena in memory that is all there and cannot become more: its table has room for what there is.
    /// </summary>
    private static Superblock DescribeWithin(string name, ulong framesMax, FormatOptions options)
    {
        ulong capacity = Math.Max(Layout.FrameTableCapacityMin, BitOperations.RoundUpToPowerOf2(framesMax));
        ulong wanted = (options.SizeMax + Layout.FrameSizeInBytes - 1) >> Layout.FrameSizeLog2;
        if (wanted > framesMax)
        {
            throw new ArenaException(
                ArenaFault.NoSpace,
                $"{name} has {framesMax << Layout.FrameSizeLog2} bytes for an arena; {options.SizeMax} were asked for.",
                "Ask for a smaller --size, or for none: then all of the device is used.");
        }
        return Describe(Math.Min(framesMax, wanted + FrameTable.FramesOf(capacity) - 1), capacity, isFixed: true);
    }

    private static Superblock Describe(ulong frames, ulong capacity, bool isFixed)
    {
        var superblock = new Superblock
        {
            Magic = Layout.Magic,
            Version = Layout.Version,
            FrameSizeInBytes = Layout.FrameSizeInBytes,
            Uuid = RandomWord(),
            FrameCountMax = frames,
            FrameTableCapacity = capacity,
            HashSeedLow = (ulong)RandomWord(),
            HashSeedHigh = (ulong)RandomWord(),
            FormattedAt = Libc.FileTimeNow(),
            Kind = isFixed ? Superblock.KindFixed : Superblock.KindDynamic,
            Revision = 1,
        };
        superblock.Checksum = Checksum.Of(in superblock);
        return superblock;
    }

    private static UInt128 RandomWord()
    {
        Span<byte> bytes = stackalloc byte[16];
        Libc.FillRandom(bytes);
        return System.Runtime.InteropServices.MemoryMarshal.Read<UInt128>(bytes);
    }

    private static void RequireRoom(Backing backing, ulong offset, ulong length)
    {
        Errno error = backing.Reserve(offset, length);
        if (error != Errno.OK) throw OutOfMemory(backing, error);
    }

    private static ArenaException OutOfMemory(Backing backing, Errno error) => new(
        error is Errno.ENOSPC or Errno.ENOMEM ? ArenaFault.NoSpace : ArenaFault.InputOutput,
        $"{backing.Name} ({backing.Kind.Word}) has no room for an arena: {error}.",
        $"{backing.Kind.ShortageAdvice}, or choose another path.");
}
