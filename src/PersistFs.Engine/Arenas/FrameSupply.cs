using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Arenas;

/// <summary>The free frames, and how they come from the backing and go back to it.</summary>
/// <remarks>
/// INVARIANT: available is the number of blocks in Blocks frames and free frames that are neither allocated nor
/// reserved by an open transaction; a free frame counts as 510.
/// </remarks>
internal sealed class FrameSupply
{
    private readonly Lock guard = new();
    private readonly Arena arena;
    private readonly Backing backing;
    private readonly FrameTable table;
    private readonly List<uint> freeFrames = [];
    private long available;
    private uint absentCursor;
    private uint absentCount;
    private bool isGrowthRefused;
    private volatile bool keepsFrames;

    /// <summary>Frames from here on are in a segment that is being let go: none of them becomes present.</summary>
    private uint retiredFrom = uint.MaxValue;

    public FrameSupply(Arena arena, Backing backing, FrameTable table)
    {
        this.arena = arena;
        this.backing = backing;
        this.table = table;
        absentCursor = table.SystemFrameCount;
    }

    /// <summary>Blocks that could be allocated at once.</summary>
    public long AvailableBlocks => Math.Max(0, Volatile.Read(ref available));

    /// <summary>Blocks that more frames would bring, as far as known.</summary>
    public long GrowableBlocks =>
        Volatile.Read(ref isGrowthRefused) ? 0 : (long)Volatile.Read(ref absentCount) * Layout.UsableBlocksPerFrame;

    /// <summary>Whether single frames can be given back to the system.</summary>
    public bool ReturnsFrames => backing.ReturnsFrames;

    /// <summary>Segments of the backing; 0 where it is in one piece.</summary>
    public int SegmentCount => backing.SegmentFrameCount == 0
        ? 0
        : (int)((backing.PresentLength >> Layout.FrameSizeLog2) / backing.SegmentFrameCount);

    /// <summary>Gives memory to every frame that the segments have room for, present or not.</summary>
    public Errno FillSegments()
    {
        if (backing.SegmentFrameCount == 0 || backing.AllocatedBytes >= backing.PresentLength) return Errno.OK;
        nint start = arena.AddressOf(ArenaPointer.Null, arena.Length);
        lock (guard) return Libc.Populate(start, (nuint)backing.PresentLength);
    }

    /// <summary>Frames without memory.</summary>
    public uint AbsentFrames => Volatile.Read(ref absentCount);

    public int FreeFrames
    {
        get
        {
            lock (guard) return freeFrames.Count;
        }
    }

    /// <summary>
    /// Whether free frames stay, whatever there is of them: somebody reads frames without saying which.
    /// </summary>
    public bool KeepsFrames
    {
        get => keepsFrames;
        set => keepsFrames = value;
    }

    /// <summary>Takes blocks out of what is available, if there are as many. Never fails for a moment only.</summary>
    public bool TryTake(long blocks)
    {
        long seen = Volatile.Read(ref available);
        while (seen >= blocks)
        {
            long found = Interlocked.CompareExchange(ref available, seen - blocks, seen);
            if (found == seen) return true;
            seen = found;
        }
        return false;
    }

    /// <summary>Takes a free frame, with its blocks, out of what is available.</summary>
    public bool TryTakeFrame(out uint frame)
    {
        lock (guard)
        {
            frame = 0;
            return freeFrames.Count > 0 && TryTake(Layout.UsableBlocksPerFrame) && TryPop(out frame);
        }
    }

    public void Give(long blocks) => Interlocked.Add(ref available, blocks);

    /// <summary>Forgets everything, before the table is read.</summary>
    public void Clear()
    {
        freeFrames.Clear();
        available = 0;
        absentCount = 0;
    }

    /// <summary>Notes an absent frame while the table is first read.</summary>
    public void NoteAbsent(uint count) => absentCount += count;

    /// <summary>Adds a frame that is free; its blocks become available by <see cref="Give"/>.</summary>
    public void Push(uint frame)
    {
        lock (guard) freeFrames.Add(frame);
    }

    public bool TryPop(out uint frame)
    {
        lock (guard)
        {
            frame = 0;
            if (freeFrames.Count == 0) return false;
            bool isOnePiece = backing.SegmentFrameCount == 0;
            TakeAt(isOnePiece ? freeFrames.Count - 1 : IndexOfExtreme(isHighest: false), out frame);
            return true;
        }
    }

    /// <summary>Takes all frames of the last segment, if none is in use and a stock is left without them.</summary>
    /// <param name="stock">Free frames to keep.</param>
    /// <param name="start">The first frame of the segment.</param>
    /// <returns>Whether it is to go to <see cref="ReleaseSegment"/>, once nobody can look at its frames.</returns>
    public bool TryTakeSegment(int stock, out uint start)
    {
        lock (guard)
        {
            uint end = (uint)(backing.PresentLength >> Layout.FrameSizeLog2);
            start = end - backing.SegmentFrameCount;
            bool isAllowed = backing.SegmentFrameCount != 0 && start != 0 && !keepsFrames;
            if (!isAllowed || retiredFrom != uint.MaxValue) return false;
            int free = 0;
            for (uint frame = start; frame < end; frame++)
            {
                FrameState state = table.WordOf(frame).State;
                if (state == FrameState.Free) free++;
                else if (state != FrameState.Absent) return false;
            }
            uint first = start;
            // A free frame that is not on the list is about to be used.
            bool areListed = freeFrames.Count(frame => frame >= first) == free;
            if (!areListed || freeFrames.Count - free < stock) return false;
            if (!TryTake((long)free * Layout.UsableBlocksPerFrame)) return false;
            freeFrames.RemoveAll(frame => frame >= first);
            retiredFrom = start;
            return true;
        }
    }

    /// <summary>Gives the last segment, which <see cref="TryTakeSegment"/> took, back to the system.</summary>
    public void ReleaseSegment(uint start)
    {
        uint end = (uint)(backing.PresentLength >> Layout.FrameSizeLog2);
        if (keepsFrames)
        {
            ReturnSegment(start, end);
            return;
        }
        // A kill may leave the segment with some of its frames absent, and what is absent becomes present as zeros.
        for (uint frame = start; frame < end; frame++)
        {
            if (table.WordOf(frame).State != FrameState.Absent) Empty(frame);
        }
        lock (guard)
        {
            for (uint frame = start; frame < end; frame++)
            {
                if (table.WordOf(frame).State == FrameState.Absent) continue;
                table.SetWord(frame, new FrameWord(FrameState.Absent));
                absentCount++;
            }
            backing.ReleaseLastSegment();
            absentCursor = Math.Min(absentCursor, start);
            retiredFrom = uint.MaxValue;
            Volatile.Write(ref isGrowthRefused, false);
        }
    }

    private void ReturnSegment(uint start, uint end)
    {
        lock (guard)
        {
            for (uint frame = start; frame < end; frame++)
            {
                if (table.WordOf(frame).State != FrameState.Free) continue;
                freeFrames.Add(frame);
                Give(Layout.UsableBlocksPerFrame);
            }
            retiredFrom = uint.MaxValue;
        }
    }

    private void TakeAt(int index, out uint frame)
    {
        frame = freeFrames[index];
        freeFrames[index] = freeFrames[^1];
        freeFrames.RemoveAt(freeFrames.Count - 1);
    }

    /// <summary>
    /// Where segments come and go, what is allocated lies low and what is given back lies high, so that the last ones
    /// become empty.
    /// </summary>
    private int IndexOfExtreme(bool isHighest)
    {
        int found = 0;
        for (int index = 1; index < freeFrames.Count; index++)
        {
            if (freeFrames[index] > freeFrames[found] == isHighest) found = index;
        }
        return found;
    }

    /// <summary>Gives one absent frame memory and makes it available.</summary>
    /// <returns>ENOSPC when all frames are present or the system has no more memory.</returns>
    public Errno TryGrow()
    {
        lock (guard)
        {
            if (!TryFindAbsent(out uint frame)) return Errno.ENOSPC;
            uint tableFrame = FrameTable.TableFrameOf(frame);
            if (!table.HasDescriptor(frame))
            {
                Errno tableError = MakePresent(tableFrame, FrameState.Used, FrameType.System);
                if (tableError != Errno.OK) return tableError;
                table.NoteTableFrame(tableFrame);
            }
            Errno error = MakePresent(frame, FrameState.Free, FrameType.None);
            Volatile.Write(ref isGrowthRefused, error != Errno.OK);
            if (error != Errno.OK) return error;
            absentCount--;
            freeFrames.Add(frame);
        }
        Give(Layout.UsableBlocksPerFrame);
        return Errno.OK;
    }

    /// <summary>
    /// Takes free frames beyond a stock, so that nobody allocates them while they go back to the system.
    /// </summary>
    /// <param name="stock">Free frames to keep.</param>
    /// <param name="frames">Receives the frames taken.</param>
    /// <returns>How many. Each goes to <see cref="Release"/>, once nobody can be looking at it any more.</returns>
    public int TakeForRelease(int stock, Span<uint> frames)
    {
        int count = 0;
        while (count < frames.Length && !keepsFrames && FreeFrames > stock)
        {
            if (!TryTakeHighest(out frames[count])) break;
            count++;
        }
        return count;
    }

    private bool TryTakeHighest(out uint frame)
    {
        if (backing.SegmentFrameCount == 0) return TryTakeFrame(out frame);
        lock (guard)
        {
            frame = 0;
            if (freeFrames.Count == 0 || !TryTake(Layout.UsableBlocksPerFrame)) return false;
            TakeAt(IndexOfExtreme(isHighest: true), out frame);
            return true;
        }
    }

    /// <summary>Gives a frame's memory back to the system, or keeps it if that is how it shall be.</summary>
    public void Release(uint frame)
    {
        if (!keepsFrames && TryRelease(frame)) return;
        Push(frame);
        Give(Layout.UsableBlocksPerFrame);
    }

    private bool TryRelease(uint frame)
    {
        lock (guard)
        {
            table.SetWord(frame, new FrameWord(FrameState.Releasing));
            Errno error = backing.Release((ulong)frame << Layout.FrameSizeLog2, Layout.FrameSizeInBytes);
            table.SetWord(frame, new FrameWord(error == Errno.OK ? FrameState.Absent : FrameState.Free));
            if (error != Errno.OK) return false;
            absentCount++;
            absentCursor = Math.Min(absentCursor, frame);
            Volatile.Write(ref isGrowthRefused, false);
            return true;
        }
    }

    /// <summary>Makes a frame absent that was found half-way between absent and present.</summary>
    public void ReleaseStray(uint frame)
    {
        Empty(frame);
        table.SetWord(frame, new FrameWord(FrameState.Absent));
    }

    /// <summary>Gives a frame's memory back; where the backing keeps it, it becomes zero.</summary>
    private void Empty(uint frame)
    {
        ulong offset = (ulong)frame << Layout.FrameSizeLog2;
        Errno error = backing.Release(offset, Layout.FrameSizeInBytes);
        if (error == Errno.OK || !backing.GivesZeros || offset >= backing.PresentLength) return;
        Store.Zero(arena.TargetBytes(new ArenaPointer(offset), Layout.FrameSizeInBytes));
    }

    private Errno MakePresent(uint frame, FrameState state, FrameType type)
    {
        ulong offset = (ulong)frame << Layout.FrameSizeLog2;
        table.SetWord(frame, new FrameWord(FrameState.Growing, type));
        Errno error = backing.Reserve(offset, Layout.FrameSizeInBytes);
        if (error == Errno.OK)
        {
            // Failing to enter the pages here costs page faults later, nothing else.
            var start = new ArenaPointer(offset);
            _ = Libc.Populate(arena.AddressOf(start, Layout.FrameSizeInBytes), Layout.FrameSizeInBytes);
            // A descriptor that nobody has written yet reads as zero.
            bool isDirty = type == FrameType.System && !backing.GivesZeros;
            if (isDirty) Store.Zero(arena.TargetBytes(start, Layout.FrameSizeInBytes));
            table.SetWord(frame, new FrameWord(state, type, zeroed: state == FrameState.Free && backing.GivesZeros));
        }
        else
        {
            backing.Release(offset, Layout.FrameSizeInBytes);
            table.SetWord(frame, new FrameWord(FrameState.Absent));
        }
        return error;
    }

    private bool TryFindAbsent(out uint frame)
    {
        frame = 0;
        if (absentCount == 0) return false;
        for (; absentCursor < table.FrameCount; absentCursor++)
        {
            if (absentCursor >= retiredFrom) return false;
            if (table.WordOf(absentCursor).State != FrameState.Absent) continue;
            frame = absentCursor;
            return true;
        }
        return false;
    }
}
