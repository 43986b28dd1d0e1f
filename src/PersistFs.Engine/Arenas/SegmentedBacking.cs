using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Arenas;

/// <summary>An arena in a row of segments, each a file in memory that somebody else keeps.</summary>
/// <remarks>
/// The whole range of addresses is reserved and the segments are mapped into it one behind the other. A segment is in
/// keeping before the count in the arena covers it, and leaves the count before it is let go; so of two that die in
/// between, the successor finds one segment too many and never one too few. The lock is that of the first segment.
/// </remarks>
internal sealed unsafe partial class SegmentedBacking : Backing
{
    private readonly List<SafeFileHandle> segments;
    private readonly SegmentStore? store;
    private readonly ulong segmentLength;
    private readonly ulong fileSystemType;
    private nint address;

    private SegmentedBacking(string name, SegmentStore? store, in Superblock superblock, List<SafeFileHandle> segments)
    {
        Name = name;
        this.store = store;
        this.segments = segments;
        segmentLength = superblock.SegmentFrameCount << Layout.FrameSizeLog2;
        Length = superblock.FrameCountMax << Layout.FrameSizeLog2;
        _ = Libc.FileSystemType(segments[0], out fileSystemType);
    }

    public override string Name { get; }

    public override BackingKind Kind => IsHuge ? HugeMemory : Memory;

    public override ulong Length { get; }

    public override ulong PresentLength => (ulong)segments.Count * segmentLength;

    public override uint SegmentFrameCount => (uint)(segmentLength >> Layout.FrameSizeLog2);

    public override bool GivesZeros => true;

    public override bool ReturnsFrames => store is not { IsPinned: true };

    public override ulong AllocatedBytes
    {
        get
        {
            ulong sum = 0;
            foreach (SafeFileHandle segment in segments)
            {
                if (Libc.FileExtent(segment, out _, out ulong allocated) == Errno.OK) sum += allocated;
            }
            return sum;
        }
    }

    private bool IsHuge => fileSystemType == Libc.HugetlbfsMagic;

    /// <summary>Takes the segments of an arena that there is, and their lock.</summary>
    /// <param name="source">The segments; those that the arena does not count are let go.</param>
    /// <param name="readOnly">Only to look at it: nothing is locked.</param>
    /// <param name="waits">Whether to wait, for ever if need be, while it is locked.</param>
    /// <exception cref="ArenaException">It is in use, is no arena of this name, or a segment is missing.</exception>
    public static SegmentedBacking Open(ArenaSource source, bool readOnly = false, bool waits = false)
    {
        List<SafeFileHandle> segments = [];
        try
        {
            foreach (SafeFileHandle segment in source.Segments!) segments.Add(Reopen(source.Name, segment));
            return Take(source, segments, readOnly, waits);
        }
        catch (ArenaException)
        {
            foreach (SafeFileHandle segment in segments) segment.Dispose();
            throw;
        }
    }

    private static SegmentedBacking Take(
        ArenaSource source, List<SafeFileHandle> segments, bool readOnly, bool waits)
    {
        SafeFileHandle head = segments[0];
        if (!readOnly && waits) _ = Libc.AwaitOpenFileLock(head);
        if (!readOnly && Libc.LockOpenFile(head) is Errno.EAGAIN or Errno.EACCES)
        {
            throw new ArenaException(
                ArenaFault.InUse, $"{source.Name} is in use by {OwnerRecord.Describe(head)}.",
                "Stop that server (persistfs down MNT), or wait for it to end.");
        }
        if (source.Store is not null) FindOthers(source.Store, segments, all: waits);
        Superblock superblock = Identify(source, segments);
        ulong count = ReadWord(head, Layout.SegmentCountOffset);
        RequireCount(source.Name, count, segments.Count, in superblock);
        for (int index = segments.Count - 1; index >= (int)count; index--)
        {
            segments[index].Dispose();
            segments.RemoveAt(index);
            if (!readOnly) source.Store?.Drop(index);
        }
        return new SegmentedBacking(source.Name, source.Store, in superblock, segments);
    }

    /// <summary>
    /// Finds segments that the last owner of the lock has added. If the wait for the lock was long, that owner may also
    /// have dropped some that were given to this process, and made others in their place.
    /// </summary>
    private static void FindOthers(SegmentStore store, List<SafeFileHandle> segments, bool all)
    {
        int known = ReadHead(segments[0])?.SegmentCount ?? 0;
        for (int index = all ? 1 : segments.Count; index < known; index++)
        {
            if (store.TryFind(index, out SafeFileHandle? segment) != Errno.OK) return;
            if (index < segments.Count)
            {
                segments[index].Dispose();
                segments[index] = segment!;
            }
            else
            {
                segments.Add(segment!);
            }
        }
    }

    /// <summary>
    /// The same file, opened by this process: a lock of what others have open as well would not end with it.
    /// </summary>
    private static SafeFileHandle Reopen(string name, SafeFileHandle kept)
    {
        string path = $"/proc/self/fd/{kept.DangerousGetHandle()}";
        Errno error = Libc.Open(path, OpenFlags.ReadWrite | OpenFlags.CloseOnExec, 0, out int descriptor);
        if (error == Errno.OK) return new SafeFileHandle(descriptor, ownsHandle: true);
        throw new ArenaException(
            ArenaFault.InputOutput, $"{name}: what is kept cannot be opened: {error}.",
            "Mount /proc, and look into the kernel's log (dmesg).");
    }

    /// <summary>Makes the first segment of a new arena.</summary>
    /// <exception cref="ArenaException">There is no memory for it.</exception>
    public static SegmentedBacking Create(string name, SegmentStore store, in Superblock superblock)
    {
        Errno error = store.TryMake(0, superblock.SegmentFrameCount << Layout.FrameSizeLog2, out SafeFileHandle? first);
        if (error == Errno.OK) return new SegmentedBacking(name, store, in superblock, [first!]);
        throw new ArenaException(
            ArenaFault.NoSpace, $"{name}: there is no memory for the arena: {error}.",
            "Free memory or huge pages, or ask for a smaller --size.");
    }

    /// <summary>What the arena that begins in a file says of itself; null where none does.</summary>
    public static SegmentHeader? ReadHead(SafeFileHandle head)
    {
        if (!TryReadSuperblock(head, out Superblock superblock) || !superblock.IsSegmented) return null;
        ulong count = Math.Min(ReadWord(head, Layout.SegmentCountOffset), Layout.SegmentCountMax);
        return new SegmentHeader(superblock.Name.ToString(), (int)count, (ulong)superblock.Uuid);
    }

    /// <summary>All segments as one stream, which closes them.</summary>
    public Stream ToStream() => new SegmentStream(segments, segmentLength, Length);

    public override Errno Map(bool isPrivate, out nint mapped)
    {
        mapped = address;
        if (address != 0) return Errno.OK;
        Errno error = Libc.ReserveAddresses((nuint)Length, Layout.FrameSizeInBytes, out address);
        for (int index = 0; index < segments.Count && error == Errno.OK; index++) error = MapSegment(index);
        mapped = address;
        return error;
    }

    public override Errno MapHead(out nint head) => Libc.MapFile(
        segments[0], Layout.FrameSizeInBytes, Layout.FrameSizeInBytes, isPrivate: false, out head);

    /// <summary>Writes how many segments there are into a new arena.</summary>
    public void StoreCount() => Store.Word(
        ref Unsafe.AsRef<ulong>((byte*)address + Layout.SegmentCountOffset), (ulong)segments.Count);

    /// <summary>Reserves memory in a segment, and adds that segment first where it is the next one.</summary>
    public override Errno Reserve(ulong offset, ulong length)
    {
        int index = (int)(offset / segmentLength);
        if (index > segments.Count) return Errno.ENOSPC;
        if (index == segments.Count && AddSegment() is var error && error != Errno.OK) return error;
        // A pinned segment has all of its memory.
        if (store is { IsPinned: true }) return Errno.OK;
        if (!IsHuge && address != 0)
        {
            // Large pages come by touching memory that asks for them, and not by fallocate(2).
            Errno populated = Libc.Populate(address + (nint)offset, (nuint)length);
            if (populated == Errno.OK) return Errno.OK;
            if (populated != Errno.EINVAL) return Errno.ENOSPC;
        }
        return IfPinned(Libc.Reserve(segments[index], offset % segmentLength, length), Errno.OK);
    }

    public override Errno Release(ulong offset, ulong length)
    {
        int index = (int)(offset / segmentLength);
        if (index >= segments.Count) return Errno.OK;
        return IfPinned(Libc.PunchHole(segments[index], offset % segmentLength, length), Errno.EOPNOTSUPP);
    }

    /// <summary>
    /// A check has no segment store, and learns from the kernel's EPERM that a segment is pinned: it has all of its
    /// memory, and gives none back.
    /// </summary>
    private Errno IfPinned(Errno error, Errno meaning) => store is null && error == Errno.EPERM ? meaning : error;

    public override void ReleaseLastSegment()
    {
        int last = segments.Count - 1;
        SafeFileHandle segment = segments[last];
        segments.RemoveAt(last);
        StoreCount();
        _ = Libc.UnmapKeepingAddresses(address + (nint)((ulong)last * segmentLength), (nuint)segmentLength);
        segment.Dispose();
        store?.Drop(last);
    }

    public override Errno Synchronize() => Errno.OK;

    public override void Dispose()
    {
        // The lock first, which the mapping would keep.
        _ = Libc.UnlockOpenFile(segments[0]);
        foreach (SafeFileHandle segment in segments) segment.Dispose();
        if (address != 0) _ = Libc.Unmap(address, (nuint)Length);
        address = 0;
    }

    private Errno AddSegment()
    {
        bool hasRoom = store is not null && (ulong)(segments.Count + 1) * segmentLength <= Length;
        if (!hasRoom) return Errno.ENOSPC;
        int index = segments.Count;
        Errno error = store!.TryMake(index, segmentLength, out SafeFileHandle? segment);
        if (error != Errno.OK) return error;
        segments.Add(segment!);
        error = MapSegment(index);
        if (error == Errno.OK)
        {
            StoreCount();
            return Errno.OK;
        }
        segments.RemoveAt(index);
        segment!.Dispose();
        store.Drop(index);
        return error;
    }

    private Errno MapSegment(int index)
    {
        nint place = address + (nint)((ulong)index * segmentLength);
        Errno error = Libc.MapFileAt(segments[index], place, (nuint)segmentLength);
        // Where the kernel has no transparent huge pages the advice is refused, and small pages serve.
        if (error == Errno.OK && !IsHuge) _ = Libc.AdviseHugePages(place, (nuint)segmentLength);
        return error;
    }

    private static Superblock Identify(ArenaSource source, List<SafeFileHandle> segments)
    {
        if (!TryReadSuperblock(segments[0], out Superblock superblock) || !superblock.IsSegmented)
        {
            throw new ArenaException(
                ArenaFault.NotAnArena, $"{source.Name}: what is kept is no arena in segments, or its head is damaged.",
                "Restore it from a saved image, or give it up with: persistfs down --discard MNT.");
        }
        if (superblock.Name.ToString() != source.ArenaName)
        {
            throw new ArenaException(
                ArenaFault.NotFound, $"{source.Name}: what is kept is the arena memfd:{superblock.Name}.",
                "Name that one, or give it up with: persistfs down --discard MNT.");
        }
        ulong frames = superblock.SegmentFrameCount;
        bool isSound = frames is >= Layout.SegmentFrameCountMin and <= Layout.FrameCountLimit
            && superblock.FrameCountMax is > 0 and <= Layout.FrameCountLimit && superblock.FrameCountMax % frames == 0
            && superblock.FrameCountMax / frames <= Layout.SegmentCountMax;
        if (!isSound)
        {
            throw new ArenaException(
                ArenaFault.Corrupt, $"{source.Name} claims an impossible geometry.", "Restore it from a saved image.");
        }
        for (int index = 0; index < segments.Count; index++)
        {
            _ = Libc.FileExtent(segments[index], out ulong length, out _);
            if (length == frames << Layout.FrameSizeLog2) continue;
            throw new ArenaException(
                ArenaFault.WrongSize,
                $"{source.Name}: segment {index} has {length} bytes instead of {frames << Layout.FrameSizeLog2}.",
                "It belongs to something else; restore the arena from a saved image.");
        }
        return superblock;
    }

    private static void RequireCount(string name, ulong count, int found, in Superblock superblock)
    {
        if (count == 0 || count > superblock.FrameCountMax / superblock.SegmentFrameCount)
        {
            throw new ArenaException(
                ArenaFault.Corrupt, $"{name} claims to have {count} segments.", "Restore it from a saved image.");
        }
        if (count <= (ulong)found) return;
        throw new ArenaException(
            ArenaFault.WrongSize, $"{name} has {count} segments, and segment {found} is missing.",
            "Restore it from a saved image; nothing of it was touched.");
    }

    private static bool TryReadSuperblock(SafeFileHandle head, out Superblock chosen)
    {
        chosen = default;
        _ = Libc.FileExtent(head, out ulong length, out _);
        if (length < Layout.FrameSizeInBytes) return false;
        Superblock first = Read(head, 0), copy = Read(head, Layout.SuperblockCopyOffset);
        return Superblocks.TryChooseGood(in first, in copy, out chosen);
    }

    private static Superblock Read(SafeFileHandle head, ulong offset)
    {
        Superblock superblock = default;
        Span<byte> bytes = MemoryMarshal.AsBytes(new Span<Superblock>(ref superblock));
        return RandomAccess.Read(head, bytes, (long)offset) == bytes.Length ? superblock : default;
    }

    private static ulong ReadWord(SafeFileHandle head, ulong offset)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        return RandomAccess.Read(head, bytes, (long)offset) == bytes.Length ? BitConverter.ToUInt64(bytes) : 0;
    }
}
