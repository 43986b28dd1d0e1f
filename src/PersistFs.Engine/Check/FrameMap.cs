namespace PersistFs.Engine.Check;

/// <summary>Something kept for some of the frames; frames without cost next to nothing.</summary>
internal sealed class FrameMap<T>
    where T : class
{
    private const int FramesPerChunkLog2 = 10;

    private readonly T?[]?[] chunks;

    public FrameMap(uint frameCount) => chunks = new T?[]?[(frameCount >> FramesPerChunkLog2) + 1];

    public T? this[uint frame]
    {
        get => chunks[frame >> FramesPerChunkLog2]?[frame & (1 << FramesPerChunkLog2) - 1];
        set
        {
            T?[] chunk = chunks[frame >> FramesPerChunkLog2] ??= new T?[1 << FramesPerChunkLog2];
            chunk[frame & (1 << FramesPerChunkLog2) - 1] = value;
        }
    }
}
