using PersistFs.Linux;

namespace PersistFs.Fuse;

/// <summary>Where a session's workers read requests and build replies.</summary>
public interface IBufferProvider
{
    /// <summary>Memory for one worker, for as long as the session lives.</summary>
    /// <param name="worker">0 to N-1; asked for each once.</param>
    /// <param name="lengthInBytes">A multiple of 4096.</param>
    /// <returns>
    /// Memory of at least that length at a page boundary, every page of it mapped: a page the kernel had to fault in
    /// while it copies would cost the caller an EIO, were the process killed.
    /// </returns>
    /// <remarks>
    /// The request lies at the start. Its first four bytes, the header's length, are zero while the worker has none:
    /// what a killed worker had in hand can be seen there.
    /// </remarks>
    IoVector Provide(int worker, int lengthInBytes);
}
