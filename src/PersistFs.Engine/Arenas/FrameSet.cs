using System.Numerics;

namespace PersistFs.Engine.Arenas;

/// <summary>A set of frames in which the next member is found in a few steps, however many frames there are.</summary>
/// <remarks>
/// Level 0 has a bit for each frame, each further level one for each word of the level below that is not zero; the last
/// is one word. Threads may change different frames at once. While one is changed, a search may miss others for that
/// moment, so a search that finds nothing proves nothing.
/// </remarks>
internal sealed class FrameSet
{
    private const int WordLog2 = 6;
    private const int BitMask = (1 << WordLog2) - 1;

    private readonly ulong[][] levels;

    public FrameSet(uint frameCount)
    {
        List<ulong[]> made = [];
        ulong bits = frameCount;
        do
        {
            bits = (bits + BitMask) >> WordLog2;
            made.Add(new ulong[bits]);
        }
        while (bits > 1);
        levels = [.. made];
    }

    /// <summary>Adds a frame. Nobody else changes the same one meanwhile.</summary>
    public void Add(uint frame) => AddFrom(level: 0, frame);

    /// <summary>Takes a frame out. Nobody else changes the same one meanwhile.</summary>
    public void Remove(uint frame)
    {
        uint position = frame;
        for (int level = 0; level < levels.Length; level++)
        {
            uint word = position >> WordLog2;
            ulong bit = 1UL << (int)(position & BitMask);
            ulong before = Interlocked.And(ref levels[level][word], ~bit);
            // Below, somebody may have added a member before this bit was cleared.
            if (level > 0 && Volatile.Read(ref levels[level - 1][position]) != 0)
            {
                AddFrom(level, position);
                return;
            }
            if ((before & ~bit) != 0) return;
            position = word;
        }
    }

    /// <summary>The first member from <paramref name="start"/> on, going round.</summary>
    /// <returns>False when none was seen.</returns>
    public bool TryFind(uint start, out uint frame) => TryFindFrom(start, out frame) || TryFindFrom(0, out frame);

    private void AddFrom(int level, uint position)
    {
        for (; level < levels.Length; level++)
        {
            ulong before = Interlocked.Or(ref levels[level][position >> WordLog2], 1UL << (int)(position & BitMask));
            // A thread that is just taking the word's last bit away looks at the word again before leaving it.
            if (before != 0) return;
            position >>= WordLog2;
        }
    }

    private bool TryFindFrom(uint start, out uint frame)
    {
        int level = 0;
        ulong position = start;
        frame = 0;
        while (level < levels.Length)
        {
            ulong index = position >> WordLog2;
            if (index >= (ulong)levels[level].Length) return false;
            ulong word = Volatile.Read(ref levels[level][index]) & (ulong.MaxValue << (int)(position & BitMask));
            if (word == 0)
            {
                // Nothing more in this word: the next is found by the level above.
                position = index + 1;
                level++;
                continue;
            }
            position = (index << WordLog2) + (ulong)BitOperations.TrailingZeroCount(word);
            if (level == 0)
            {
                frame = (uint)position;
                return true;
            }
            position <<= WordLog2;
            level--;
        }
        return false;
    }
}
