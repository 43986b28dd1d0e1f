using PersistFs.Linux;

namespace PersistFs.Fuse.Messages;

/// <summary>Collects the runs of memory that a READ reply consists of; nothing is copied.</summary>
/// <remarks>
/// The memory stays valid and unchanged in meaning until the reply has been written (ReadDone). A reply shorter than
/// the request says that the file ends there.
/// </remarks>
public ref struct IoVectorWriter
{
    /// <summary>The most segments of one reply; with the header, all that one writev(2) takes.</summary>
    public const int CountMax = IoVector.CountMax - 1;

    private readonly Span<IoVector> vectors;

    internal IoVectorWriter(Span<IoVector> vectors) => this.vectors = vectors;

    /// <summary>Segments so far.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes so far.</summary>
    public uint LengthInBytes { get; private set; }

    /// <summary>Bytes that may still be added: what the request asked for, less what is there.</summary>
    public uint RemainingInBytes { get; private set; }

    /// <summary>Adds <paramref name="segment"/>.</summary>
    /// <exception cref="InvalidOperationException">More bytes or segments than a reply holds.</exception>
    public void Add(IoVector segment)
    {
        if (segment.LengthInBytes > RemainingInBytes || Count == vectors.Length)
        {
            throw new InvalidOperationException("A READ reply was given more than was asked for.");
        }
        vectors[Count++] = segment;
        LengthInBytes += (uint)segment.LengthInBytes;
        RemainingInBytes -= (uint)segment.LengthInBytes;
    }

    /// <summary>
    /// Adds <paramref name="length"/> bytes of zeros, for a hole: one shared page range, whatever the length.
    /// </summary>
    public void AddZeros(uint length)
    {
        for (uint left = length; left > 0;)
        {
            uint part = Math.Min(left, ZerosLength);
            Add(new IoVector(Zeros, part));
            left -= part;
        }
    }

    internal void Limit(uint lengthInBytes) => RemainingInBytes = lengthInBytes;

    internal void Clear()
    {
        Count = 0;
        LengthInBytes = 0;
        RemainingInBytes = 0;
    }

    private const uint ZerosLength = 1 << 20;

    /// <summary>Memory that is never written: the kernel backs all of it with its one page of zeros.</summary>
    private static readonly nint Zeros = MapZeros();

    private static nint MapZeros()
    {
        Errno error = Libc.MapAnonymously(ZerosLength, out nint address);
        return error == Errno.OK ? address : throw new InsufficientMemoryException($"No room for zeros: {error}.");
    }
}
