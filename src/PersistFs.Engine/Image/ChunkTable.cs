using PersistFs.Engine.Format;

namespace PersistFs.Engine.Image;

/// <summary>What an image that is being written holds of each frame; the index in the making.</summary>
/// <remarks>Any thread may ask for any frame, but no two for the same one at a time.</remarks>
internal sealed class ChunkTable
{
    private const int ChunksPerPage = 1024;

    private readonly Chunk[]?[] pages;

    /// <param name="frameCount">Frames of the arena.</param>
    public ChunkTable(uint frameCount) => pages = new Chunk[]?[(frameCount + ChunksPerPage - 1) / ChunksPerPage];

    /// <summary>The chunk of a frame; nothing is known of it at first.</summary>
    public ref Chunk At(uint frame)
    {
        ref Chunk[]? page = ref pages[frame / ChunksPerPage];
        if (Volatile.Read(ref page) is null) Interlocked.CompareExchange(ref page, new Chunk[ChunksPerPage], null);
        return ref page![frame % ChunksPerPage];
    }

    /// <summary>One frame of an image, and the room that it has there.</summary>
    internal struct Chunk
    {
        public ChunkEntry Entry;

        /// <summary>Whether the frame has been looked at.</summary>
        public bool IsKnown;

        /// <summary>Blocks that find room at its offset.</summary>
        public int Capacity;
    }
}
