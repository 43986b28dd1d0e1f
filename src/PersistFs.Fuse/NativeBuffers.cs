using PersistFs.Linux;

namespace PersistFs.Fuse;

/// <summary>Buffers in memory of this process: every page present, and locked where that is allowed.</summary>
public sealed class NativeBuffers : IBufferProvider, IDisposable
{
    private readonly List<IoVector> mappings = [];

    /// <summary>How many buffers are not locked, RLIMIT_MEMLOCK being what it is: they might be swapped out.</summary>
    public int UnlockedCount { get; private set; }

    /// <inheritdoc/>
    /// <exception cref="InsufficientMemoryException">The kernel has no room for it.</exception>
    public IoVector Provide(int worker, int lengthInBytes)
    {
        Errno error = Libc.MapAnonymously((nuint)lengthInBytes, out nint address);
        if (error != Errno.OK) throw new InsufficientMemoryException($"No room for worker {worker}'s buffer: {error}.");
        IoVector memory = new(address, (nuint)lengthInBytes);
        mappings.Add(memory);
        memory.AsSpan().Clear();
        if (Libc.Lock(address, (nuint)lengthInBytes) != Errno.OK) UnlockedCount++;
        return memory;
    }

    /// <summary>Gives the memory back. No session may be using it.</summary>
    public void Dispose()
    {
        foreach (IoVector memory in mappings) _ = Libc.Unmap(memory.Address, memory.LengthInBytes);
        mappings.Clear();
    }
}
