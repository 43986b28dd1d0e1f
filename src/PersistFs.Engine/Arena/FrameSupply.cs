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
            frame = freeFrames[^1];
            freeFrames.RemoveAt(freeFrames.Count - 1);
            return true;
        }
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
        while (count < frames.Length && !keepsFrames && FreeFrames > stock && TryTakeFrame(out frames[count])) count++;
        return count;
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
        backing.Release((ulong)frame << Layout.FrameSizeLog2, Layout.FrameSizeInBytes);
        table.SetWord(frame, new FrameWord(FrameState.Absent));
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
            if (table.WordOf(absentCursor).State != FrameState.Absent) continue;
            frame = absentCursor;
            return true;
        }
        return false;
    }
}
