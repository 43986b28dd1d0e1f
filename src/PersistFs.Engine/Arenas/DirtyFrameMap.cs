using System.Runtime.CompilerServices;
using PersistFs.Engine.Format;

namespace PersistFs.Engine.Arenas;

/// <summary>Which frames were stored to since the last look: a byte for each, set behind every store.</summary>
/// <remarks>
/// INVARIANT: a store is followed by its mark. A thread that takes a mark away, passes a barrier and then reads the
/// frame either sees the store or finds the mark set again afterwards. The mark is stored also where it is set already:
/// a look at it could happen before the store that it stands for is seen.
/// </remarks>
internal sealed unsafe class DirtyFrameMap
{
    private readonly nuint start;
    private readonly nuint length;
    private readonly byte[] marks;

    /// <param name="arena">The arena whose stores are marked; those to others pass by.</param>
    /// <param name="frameCount">Its frames.</param>
    public DirtyFrameMap(Arena arena, uint frameCount)
    {
        start = (nuint)arena.AddressOf(ArenaPointer.Null, arena.Length);
        length = (nuint)arena.Length;
        marks = new byte[checked((int)frameCount)];
    }

    /// <summary>Something of at most a frame's size was stored at <paramref name="target"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Note<T>(ref T target)
        where T : unmanaged
    {
        nuint offset = (nuint)Unsafe.AsPointer(ref target) - start;
        if (offset < length) Volatile.Write(ref marks[offset >> Layout.FrameSizeLog2], 1);
    }

    /// <summary>Bytes were stored; a run may lie in two frames and more.</summary>
    public void Note(Span<byte> target)
    {
        if (target.IsEmpty) return;
        Note(ref target[0]);
        for (int next = Layout.FrameSizeInBytes; next < target.Length; next += Layout.FrameSizeInBytes)
            Note(ref target[next]);
        Note(ref target[^1]);
    }

    /// <summary>Takes a frame's mark away. A store that a later read of the frame misses is marked again.</summary>
    public void Clear(uint frame)
    {
        Volatile.Write(ref marks[frame], 0);
        Interlocked.MemoryBarrier();
    }

    /// <summary>Adds every frame that is marked to a list.</summary>
    public void Collect(List<uint> frames)
    {
        ReadOnlySpan<byte> all = marks;
        for (int from = 0; from < all.Length;)
        {
            int found = all[from..].IndexOfAnyExcept((byte)0);
            if (found < 0) return;
            frames.Add((uint)(from + found));
            from += found + 1;
        }
    }
}
