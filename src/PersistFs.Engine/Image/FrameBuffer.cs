using PersistFs.Engine.Arenas;
using PersistFs.Engine.Format;
using PersistFs.Linux;

namespace PersistFs.Engine.Image;

/// <summary>Memory of this process for copies of frames; all of it is there from the start.</summary>
internal sealed class FrameBuffer : IDisposable
{
    private readonly nuint length;
    private nint address;

    /// <param name="frameCount">Copies that find room, 1 or more.</param>
    /// <exception cref="ArenaException">There is no memory for them.</exception>
    public FrameBuffer(int frameCount)
    {
        Count = frameCount;
        length = (nuint)frameCount << Layout.FrameSizeLog2;
        Errno error = Libc.MapAnonymously(length, out address);
        // Entered now, so that no copy waits for the kernel to clear a page.
        if (error == Errno.OK) error = Libc.Populate(address, length);
        if (error is Errno.OK or Errno.EINVAL) return;
        Dispose();
        throw new ArenaException(
            ArenaFault.NoSpace, $"There is no memory for copies of {frameCount} frames: {error}.", "Free memory.");
    }

    public int Count { get; }

    /// <summary>Where copy number <paramref name="index"/> lies.</summary>
    public IoVector At(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return new IoVector(address + ((nint)index << Layout.FrameSizeLog2), Layout.FrameSizeInBytes);
    }

    public void Dispose()
    {
        if (address is not (0 or -1)) _ = Libc.Unmap(address, length);
        address = 0;
    }
}
