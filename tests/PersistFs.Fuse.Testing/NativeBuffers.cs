using PersistFs.Fuse.Sessions;
using PersistFs.Linux;

namespace PersistFs.Fuse.Testing;

/// <summary>Buffers in memory of this process: locked where that is allowed.</summary>
public sealed class NativeBuffers : IBufferProvider, IDisposable
{
    private readonly List<IoVector> mappings = [];

    /// <inheritdoc/>
    /// <exception cref="InsufficientMemoryException">The kernel has no room for it.</exception>
    public IoVector Provide(int worker, int lengthInBytes)
    {
        Errno error = Libc.MapAnonymously((nuint)lengthInBytes, out nint address);
        if (error != Errno.OK) throw new InsufficientMemoryException($"No room for worker {worker}'s buffer: {error}.");
        IoVector memory = new(address, (nuint)lengthInBytes);
        mappings.Add(memory);
        return memory;
    }

    /// <inheritdoc/>
    public void MakePresent(IoVector memory)
    {
        memory.AsSpan().Clear();
        // Where RLIMIT_MEMLOCK does not allow it, pages might be swapped out.
        _ = Libc.Lock(memory.Address, memory.LengthInBytes);
    }

    /// <summary>Gives the memory back. No session may be using it.</summary>
    public void Dispose()
    {
        foreach (IoVector memory in mappings) _ = Libc.Unmap(memory.Address, memory.LengthInBytes);
        mappings.Clear();
    }
}
