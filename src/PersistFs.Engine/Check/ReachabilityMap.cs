using PersistFs.Engine.Format;

namespace PersistFs.Engine.Check;

/// <summary>
/// What something leads to: a bit for each 64 bytes of the frames that hold blocks, one fact for other frames.
/// </summary>
internal sealed class ReachabilityMap
{
    private const int UnitSizeLog2 = 6;
    private const int WordsPerFrame = Layout.FrameSizeInBytes >> UnitSizeLog2 + 6;
    private static readonly ulong[] WholeFrame = [];

    private readonly FrameMap<ulong[]> frames;

    public ReachabilityMap(uint frameCount) => frames = new FrameMap<ulong[]>(frameCount);

    /// <summary>Notes that something leads to the object or block that begins here.</summary>
    /// <returns>False if something did already.</returns>
    public bool TryAdd(ArenaPointer pointer)
    {
        ulong[] words = frames[pointer.Frame] ??= new ulong[WordsPerFrame];
        if (words.Length == 0) return false;
        (int word, ulong bit) = Locate(pointer);
        if ((words[word] & bit) != 0) return false;
        words[word] |= bit;
        return true;
    }

    /// <summary>Notes that something leads to the frame as a whole.</summary>
    /// <returns>False if something did already.</returns>
    public bool TryAddFrame(uint frame)
    {
        if (frames[frame] is not null) return false;
        frames[frame] = WholeFrame;
        return true;
    }

    public bool Contains(ArenaPointer pointer)
    {
        ulong[]? words = frames[pointer.Frame];
        if (words is null || words.Length == 0) return false;
        (int word, ulong bit) = Locate(pointer);
        return (words[word] & bit) != 0;
    }

    public bool ContainsFrame(uint frame) => frames[frame] is { Length: 0 };

    private static (int Word, ulong Bit) Locate(ArenaPointer pointer)
    {
        int unit = (int)(pointer.Value & (Layout.FrameSizeInBytes - 1)) >> UnitSizeLog2;
        return (unit >> 6, 1UL << (unit & 63));
    }
}
