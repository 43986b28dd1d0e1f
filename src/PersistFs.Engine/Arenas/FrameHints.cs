using System.Runtime.CompilerServices;

namespace PersistFs.Engine.Arenas;

/// <summary>What this process knows of each frame beside the frame table: a lock, and where to look for room.</summary>
/// <remarks>
/// INVARIANT: under a frame's lock, its free count is the number of free blocks of a Blocks frame, else 0.
/// </remarks>
internal sealed class FrameHints
{
    private readonly Hint[] hints;

    /// <summary>Those with a free count above 0.</summary>
    private readonly FrameSet withFreeBlocks;

    public FrameHints(uint frameCount)
    {
        hints = new Hint[frameCount];
        withFreeBlocks = new FrameSet(frameCount);
    }

    private struct Hint
    {
        public int Lock;
        public ushort FreeBlocks;
        public ushort PartialClasses;
    }

    /// <summary>
    /// Takes the frame's lock. It is held for a few stores, and nothing is locked inside it but the frame supply.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter(uint frame)
    {
        if (Interlocked.CompareExchange(ref hints[frame].Lock, 1, 0) != 0) Wait(frame);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exit(uint frame) => Volatile.Write(ref hints[frame].Lock, 0);

    /// <summary>Whether somebody has the frame's lock at this moment.</summary>
    public bool IsHeld(uint frame) => Volatile.Read(ref hints[frame].Lock) != 0;

    public int FreeBlocks(uint frame) => Volatile.Read(ref hints[frame].FreeBlocks);

    /// <summary>Sets the free count, under the frame's lock.</summary>
    public void SetFreeBlocks(uint frame, int count)
    {
        int before = hints[frame].FreeBlocks;
        Volatile.Write(ref hints[frame].FreeBlocks, (ushort)count);
        if (before == 0 && count > 0) withFreeBlocks.Add(frame);
        if (before > 0 && count == 0) withFreeBlocks.Remove(frame);
    }

    /// <summary>The next frame from <paramref name="start"/> on with free blocks, going round.</summary>
    /// <returns>False when none was seen; that there is none is not proved by it.</returns>
    public bool TryFindFreeBlocks(uint start, out uint frame) => withFreeBlocks.TryFind(start, out frame);

    /// <summary>Whether slabs of the class with free objects may be in the frame.</summary>
    public bool MayHavePartial(uint frame, int classIndex) => (hints[frame].PartialClasses >> classIndex & 1) != 0;

    public void SetPartial(uint frame, int classIndex, bool mayHave)
    {
        ushort bit = (ushort)(1 << classIndex);
        ref ushort classes = ref hints[frame].PartialClasses;
        classes = (ushort)(mayHave ? classes | bit : classes & ~bit);
    }

    public void SetAllPartial(uint frame, bool mayHave) =>
        hints[frame].PartialClasses = mayHave ? ushort.MaxValue : (ushort)0;

    private void Wait(uint frame)
    {
        var spin = new SpinWait();
        while (Interlocked.CompareExchange(ref hints[frame].Lock, 1, 0) != 0) spin.SpinOnce(-1);
    }
}
