using PersistFs.Linux;

namespace PersistFs.Fuse.Sessions;

/// <summary>Where a session's workers read requests and build replies.</summary>
public interface IBufferProvider
{
    /// <summary>Memory for one worker, for as long as the session lives.</summary>
    /// <param name="worker">0 to N-1; asked for each once.</param>
    /// <param name="lengthInBytes">A multiple of 4096.</param>
    /// <returns>Memory of at least that length at a page boundary.</returns>
    /// <remarks>
    /// The request lies at the start. Its first four bytes, the header's length, are zero while the worker has none:
    /// what a killed worker had in hand can be seen there.
    /// </remarks>
    IoVector Provide(int worker, int lengthInBytes);

    /// <summary>
    /// Has every page of that memory present for writing from now on: one that the kernel had to fault in while it
    /// copies would cost the caller an EIO, were the process killed.
    /// </summary>
    /// <param name="memory">What <see cref="Provide"/> gave.</param>
    /// <remarks>Called on the worker's thread before it reads for the first time, while others may serve.</remarks>
    void MakePresent(IoVector memory);
}
