using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PersistFs.Linux;

namespace PersistFs.Fuse.Messages;

/// <summary>
/// The body of a reply under construction: structures and bytes in the worker's memory, then segments.
/// </summary>
internal ref struct Reply(Span<byte> body, Span<IoVector> vectors)
{
    /// <summary>Runs of memory that follow the body, for READ.</summary>
    public IoVectorWriter Segments = new(vectors);

    private readonly Span<byte> body = body;

    /// <summary>Bytes of body so far.</summary>
    public int LengthInBytes { get; private set; }

    /// <summary>The body so far.</summary>
    public readonly ReadOnlySpan<byte> Body => body[..LengthInBytes];

    /// <summary>Adds a structure, all zero, to be filled in place.</summary>
    public ref T Append<T>() where T : unmanaged
    {
        Span<byte> bytes = body.Slice(LengthInBytes, Unsafe.SizeOf<T>());
        bytes.Clear();
        LengthInBytes += bytes.Length;
        return ref MemoryMarshal.AsRef<T>(bytes);
    }

    /// <summary>Room for up to <paramref name="lengthMax"/> bytes; less where the worker's memory ends.</summary>
    public readonly Span<byte> Reserve(uint lengthMax) =>
        body.Slice(LengthInBytes, (int)Math.Min(lengthMax, (uint)(body.Length - LengthInBytes)));

    /// <summary>Says that the first <paramref name="length"/> bytes of what was reserved are filled.</summary>
    public void Commit(int length)
    {
        uint room = (uint)(body.Length - LengthInBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, room, nameof(length));
        LengthInBytes += length;
    }

    /// <summary>Forgets all of it: an error has no body.</summary>
    public void Clear()
    {
        LengthInBytes = 0;
        Segments.Clear();
    }
}
